"""Who is at the other end of a TLS connection: the region id in its certificate, signed by the CA configured for that region.

Nothing else identifies a peer: no header, no address, no host name. Both ends run the same check.
"""

import ssl
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, cast

from attrs import field, frozen

from farpoint.errors import Code, RefusedError
from farpoint.model.ids import RegionId

#: Followed by the region's GUID, a URI in the certificate's subject alternative names.
REGION_URI: Final = "urn:farpoint:region:"
_ENCODING_DER: Final = 2


@frozen(kw_only=True)
class Presented:
    """What the other end of a TLS connection proved: a verified certificate chain, and the region id in its leaf."""

    #: None when the certificate names no region, or more than one.
    region: RegionId | None
    #: DER of the verified chain, leaf first, root last.
    chain: tuple[bytes, ...] = field(repr=False)


@frozen(kw_only=True)
class TrustedPeer:
    """A configured peer and the certificates, DER, of the CA that must have signed its certificate."""

    name: str
    region: RegionId
    ca_file: Path
    roots: frozenset[bytes] = field(repr=False)


class _Certificate(Protocol):
    def public_bytes(self, encoding: int) -> bytes: ...


class _Session(Protocol):
    def get_verified_chain(self) -> Sequence[_Certificate]: ...


def presented_by(connection: ssl.SSLSocket | ssl.SSLObject) -> Presented:
    """Read what the other end presented in a finished handshake."""
    certificate = connection.getpeercert() or {}
    return Presented(region=_region_in(certificate), chain=_verified_chain(connection))


def _region_in(certificate: Mapping[str, object]) -> RegionId | None:
    names = cast("Sequence[tuple[str, str]]", certificate.get("subjectAltName", ()))
    found = [value.removeprefix(REGION_URI) for kind, value in names if kind == "URI" and value.startswith(REGION_URI)]
    if len(found) != 1:
        return None
    try:
        return RegionId(uuid.UUID(found[0]))
    except ValueError:
        return None


def _verified_chain(connection: ssl.SSLSocket | ssl.SSLObject) -> tuple[bytes, ...]:
    # Python 3.13 has this on the public object; 3.11 and 3.12 have it one layer down.
    public = getattr(connection, "get_verified_chain", None)
    if public is not None:
        return tuple(cast("Sequence[bytes]", public()))
    session = cast("_Session | None", getattr(connection, "_sslobj", None))
    if session is None or connection.getpeercert(binary_form=True) is None:
        return ()
    return tuple(certificate.public_bytes(_ENCODING_DER) for certificate in session.get_verified_chain())


def check_presented(presented: Presented, peer: TrustedPeer, *, here: str) -> None:
    """Refuse a certificate that is not *peer*'s; *here* names the region that asks."""
    if presented.region is None:
        raise _untrusted(f"region {here} expects peer {peer.name} ({peer.region}), but the certificate presented names no region")
    if presented.region != peer.region:
        raise _untrusted(
            f"region {here} expects peer {peer.name} to be region {peer.region}, but was shown a certificate of region {presented.region}"
        )
    if peer.roots.isdisjoint(presented.chain):
        raise _untrusted(
            f"the certificate of region {peer.region} (peer {peer.name}) is not signed by the CA in {peer.ca_file}, "
            f"which region {here} has configured for it"
        )


def find_presenter(presented: Presented | None, peers: Mapping[RegionId, TrustedPeer], *, here: str) -> TrustedPeer:
    """Return the configured peer that presented this certificate; refuse every other."""
    region = None if presented is None else presented.region
    if presented is None or region is None:
        raise _untrusted(f"region {here} was shown a certificate that names no region")
    peer = peers.get(region)
    if peer is None:
        known = ", ".join(f"{one.name} ({one.region})" for one in peers.values()) or "none"
        raise _untrusted(f"region {here} was shown a certificate of region {region}, which is not one of its peers: {known}")
    check_presented(presented, peer, here=here)
    return peer


def _untrusted(message: str) -> RefusedError:
    hint = "Compare the peer's id, certificate and CA in both regions' configurations."
    return RefusedError(Code.PEER_UNTRUSTED, message, hint=hint)
