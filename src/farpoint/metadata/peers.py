"""Pinned peers: the public keys each region showed at first contact, which never change without an operator."""

from attrs import frozen
from sqlalchemy import Connection, RowMapping, delete, insert, select

from farpoint.errors import Code, RefusedError
from farpoint.metadata.rows import name_key
from farpoint.metadata.tables import peer_pins
from farpoint.model.ids import RegionId


@frozen(kw_only=True)
class PeerPin:
    """What we hold one peer to."""

    region: RegionId
    name: str
    #: Ed25519 public key that its manifests are signed with, 32 bytes.
    signing_key: bytes
    #: Public key that its tokens and assertions are signed with.
    token_key: bytes


def get_pin(conn: Connection, region: RegionId) -> PeerPin | None:
    """Return the pin of that region."""
    row = conn.execute(select(peer_pins).where(peer_pins.c.region == region)).mappings().one_or_none()
    return None if row is None else _pin_of(row)


def pin_by_name(conn: Connection, name: str) -> PeerPin | None:
    """Return the newest pin of that region name: a rebuilt region has its old name and another id."""
    query = select(peer_pins).where(peer_pins.c.name_key == name_key(name)).order_by(peer_pins.c.number.desc()).limit(1)
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _pin_of(row)


def list_pins(conn: Connection) -> list[PeerPin]:
    """Return all pins, oldest first."""
    return [_pin_of(row) for row in conn.execute(select(peer_pins).order_by(peer_pins.c.number)).mappings()]


def put_pin(conn: Connection, pin: PeerPin) -> None:
    """Pin a region at first contact; later the same keys change nothing and other keys are refused (PeerUntrusted)."""
    pinned = get_pin(conn, pin.region)
    if pinned is None:
        row = {"region": pin.region, "name": pin.name, "name_key": name_key(pin.name)}
        conn.execute(insert(peer_pins).values(**row, signing_key=pin.signing_key, token_key=pin.token_key))
        return
    if (pinned.signing_key, pinned.token_key) != (pin.signing_key, pin.token_key):
        message = f"region {pin.name} ({pin.region}) shows other keys than it did at first contact"
        hint = "Ask its operator. A region that was rebuilt has a new id; the same id with new keys may be somebody else."
        raise RefusedError(Code.PEER_UNTRUSTED, message, hint=hint)


def delete_pin(conn: Connection, region: RegionId) -> None:
    """Forget a region's keys, on an operator's word; the next contact pins anew."""
    conn.execute(delete(peer_pins).where(peer_pins.c.region == region))


def _pin_of(row: RowMapping) -> PeerPin:
    return PeerPin(region=RegionId(row["region"]), name=row["name"], signing_key=row["signing_key"], token_key=row["token_key"])
