"""TLS contexts: towards a peer, for peers, and for clients. TLS 1.3 only.

Between regions both ends present a certificate and the host name is not compared: who a peer is stands in the region id of its
certificate (identity.py), which is checked before anything is sent or answered.
"""

import logging
import ssl
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from farpoint.errors import Code, RefusedError
from farpoint.model.ids import RegionId
from farpoint.peers.identity import TrustedPeer

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class OwnCertificate:
    """This region's certificate for peers and its key: PEM files."""

    certificate: Path
    key: Path


def trusted_peer(*, name: str, region: RegionId, ca_file: Path) -> TrustedPeer:
    """Read the CA certificates that sign for a peer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _load_ca(context, ca_file)
    roots = frozenset(context.get_ca_certs(binary_form=True))
    if not roots:
        raise _bad_file(ca_file, "it holds no CA certificate")
    return TrustedPeer(name=name, region=region, ca_file=ca_file, roots=roots)


def context_towards(peer: TrustedPeer, own: OwnCertificate) -> ssl.SSLContext:
    """Make the context for connections to *peer*: its CA and no other is accepted, our certificate is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The region id in the certificate is the name that counts; it is checked right after the handshake.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    _load_ca(context, peer.ca_file)
    _load_own(context, own)
    return context


def context_for_peers(peers: Iterable[TrustedPeer], own: OwnCertificate) -> ssl.SSLContext:
    """Make the context of the peer listener: a certificate signed by one of the peers' CAs is required."""
    context = _server_context(own)
    context.verify_mode = ssl.CERT_REQUIRED
    for ca_file in {peer.ca_file for peer in peers}:
        _load_ca(context, ca_file)
    # Documented hook: what the server side of asyncio's connections is made of.
    context.sslobject_class = _ExplainingServer
    return context


def context_for_clients(own: OwnCertificate) -> ssl.SSLContext:
    """Make the context of the client listener: clients show no certificate."""
    return _server_context(own)


def _server_context(own: OwnCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _load_own(context, own)
    return context


class _ExplainingServer(ssl.SSLObject):
    """Lets a refused peer read why.

    When a handshake fails, asyncio closes the connection without sending OpenSSL's alert, and the other side sees a mere reset.
    Asking for more data first makes asyncio flush the alert; the failure itself is raised at the next call.
    """

    _failure: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        """Shake hands; a failure is raised one call later."""
        if self._failure is not None:
            raise self._failure
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as failure:
            self._failure = failure
            # The event loop keeps such failures to itself, so this is the only word about them.
            _log.warning("peer_handshake_refused", extra={"reason": failure.reason, "cause": getattr(failure, "verify_message", "")})
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "the alert is on its way") from failure


def _load_ca(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise _bad_file(ca_file, "it cannot be read as PEM CA certificates") from error


def _load_own(context: ssl.SSLContext, own: OwnCertificate) -> None:
    try:
        context.load_cert_chain(own.certificate, own.key)
    except (OSError, ssl.SSLError) as error:
        raise _bad_file(own.certificate, f"it cannot be read as a PEM certificate of the key in {own.key}") from error


def _bad_file(path: Path, why: str) -> RefusedError:
    return RefusedError(Code.CONFIGURATION, f"TLS file {path} is of no use: {why}", hint="Name a readable PEM file in the configuration.")
