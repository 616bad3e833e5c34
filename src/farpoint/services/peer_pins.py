"""The keys of the peers as this region knows them: pinned at first contact over mutual TLS, looked up ever after."""

import uuid
from collections.abc import Mapping

from attrs import frozen

from farpoint.errors import Code, RefusedError
from farpoint.metadata.database import Database
from farpoint.metadata.peers import PeerPin, get_pin, list_pins, put_pin
from farpoint.model.ids import RegionId
from farpoint.model.remote import RegionIdentity


@frozen(kw_only=True)
class PeerPins:
    """Satisfies farpoint.peers.client.Pins, and finds keys for whoever checks tokens and manifests."""

    database: Database
    #: This region; its own keys are not pinned but given.
    own: RegionIdentity

    def check(self, identity: RegionIdentity) -> None:
        """Pin the keys of a region met for the first time; raise RefusedError(PEER_UNTRUSTED) when known ones changed."""
        if identity.region == self.own.region:
            raise RefusedError(Code.PEER_UNTRUSTED, f"a peer says that it is this region, {self.own.name} ({self.own.region})")
        pin = PeerPin(region=identity.region, name=identity.name, signing_key=identity.signing_key, token_key=identity.token_key)
        with self.database.read() as conn:
            known = get_pin(conn, identity.region)
        if known == pin:
            # Met again: the usual case costs no write.
            return
        with self.database.write() as conn:
            put_pin(conn, pin)

    def token_key(self, region_id: str) -> bytes | None:
        """Return the token key of a region by its GUID's text, None for a region never met."""
        try:
            region = RegionId(uuid.UUID(region_id))
        except ValueError:
            return None
        if region == self.own.region:
            return self.own.token_key
        pin = self._pin(region)
        return None if pin is None else pin.token_key

    def token_keys(self) -> Mapping[str, bytes]:
        """Return the token keys of this region and of every region met, by region GUID."""
        with self.database.read() as conn:
            pins = list_pins(conn)
        return {str(self.own.region): self.own.token_key, **{str(pin.region): pin.token_key for pin in pins}}

    def signing_key(self, region: RegionId) -> bytes | None:
        """Return the key that checks a region's manifests and receipts, None for a region never met."""
        if region == self.own.region:
            return self.own.signing_key
        pin = self._pin(region)
        return None if pin is None else pin.signing_key

    def _pin(self, region: RegionId) -> PeerPin | None:
        with self.database.read() as conn:
            return get_pin(conn, region)
