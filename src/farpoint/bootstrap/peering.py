"""What a region knows of its peers: clients to talk to them, and the keys they showed."""

import logging
import threading

from attrs import frozen

from farpoint.bootstrap.storage import Storage
from farpoint.clock import Clock
from farpoint.config.values import PeerConfig, RegionConfig
from farpoint.keys.tokens import TokenIssuer
from farpoint.model.ids import RegionId
from farpoint.model.regions import region_key
from farpoint.model.remote import RegionIdentity
from farpoint.movers.ports import SourceRegion
from farpoint.peers.client import PeerClient, PeerSettings
from farpoint.peers.directory import PeerDirectory
from farpoint.peers.protocol import VERSIONS
from farpoint.peers.tls import OwnCertificate
from farpoint.services.peer_catalogues import PeerCatalogues
from farpoint.services.peer_pins import PeerPins

_log = logging.getLogger(__name__)
#: A peer that did not answer is greeted again after this time, until each has been met once.
_GREET_SECONDS = 2.0
#: What a peer changed is known here after about this time.
_PULL_SECONDS = 1.0
#: Somebody with a foreign token makes us ask our peers at most this often.
_LOOK_SECONDS = 1.0


@frozen(kw_only=True)
class Peering:
    """One region's view of the others."""

    identity: RegionIdentity
    pins: PeerPins
    directory: PeerDirectory
    clients: tuple[PeerClient, ...]


@frozen(kw_only=True)
class Sources:
    """Where copies come from: the peers, and this region itself. Satisfies farpoint.workflows.bench.SourceRegions."""

    peering: Peering
    own: SourceRegion

    def source(self, region: str) -> SourceRegion:
        """Return the named region as a source of copies; refuse an unknown name."""
        is_own = region_key(region) == region_key(self.peering.identity.name)
        return self.own if is_own else self.peering.directory.source(region)

    def signing_key(self, region: RegionId) -> bytes | None:
        """Return the key that checks a region's manifests, None for a region never met."""
        return self.peering.pins.signing_key(region)


def make_peering(config: RegionConfig, storage: Storage, issuer: TokenIssuer, clock: Clock) -> Peering:
    """Build the clients; nobody is contacted yet."""
    identity = RegionIdentity(
        region=config.id,
        name=config.name,
        signing_key=storage.signer.public,
        token_key=storage.tokens.public,
        endpoint=config.listen.endpoint,
        versions=VERSIONS,
    )
    pins = PeerPins(database=storage.database, own=identity)
    own = OwnCertificate(certificate=config.peer_tls.certificate, key=config.peer_tls.key)
    clients = tuple(PeerClient(_settings(peer), own=own, identity=identity, pins=pins, clock=clock) for peer in config.peers)
    return Peering(identity=identity, pins=pins, directory=PeerDirectory(clients, issuer), clients=clients)


def _settings(peer: PeerConfig) -> PeerSettings:
    return PeerSettings(name=peer.name, region=peer.id, endpoint=peer.endpoint, ca_file=peer.ca)


class TokenKeys:
    """Finds the token key of a region; an unknown one that is a configured peer is greeted first."""

    def __init__(self, peering: Peering, clock: Clock) -> None:
        """Look among the pins of *peering*."""
        self._peering = peering
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at = float("-inf")

    def find(self, region_id: str) -> bytes | None:
        """Return the raw public key, None for a region that is nobody we know."""
        key = self._peering.pins.token_key(region_id)
        if key is not None or region_id not in {str(client.region) for client in self._peering.clients}:
            return key
        with self._lock:
            if self._clock.monotonic() - self._looked_at >= _LOOK_SECONDS:
                self._looked_at = self._clock.monotonic()
                self._peering.directory.regions()
        return self._peering.pins.token_key(region_id)


def greet_peers(peering: Peering, clock: Clock, stopping: threading.Event) -> None:
    """Exchange identities with every peer, again and again until each has been met; then its keys are pinned."""
    while not stopping.is_set():
        strangers = [region for region in peering.directory.regions() if not region.reachable]
        if not strangers:
            return
        for region in strangers:
            _log.info("peer_not_met_yet", extra={"peer": region.name, "reason": region.problem})
        clock.sleep(_GREET_SECONDS, wake=stopping)


def follow_peer(catalogues: PeerCatalogues, name: str, clock: Clock, stopping: threading.Event) -> None:
    """Pull what the named peer changes, again and again; a peer that does not answer is asked on, and said so once."""
    told = ""
    while not stopping.is_set():
        try:
            problem: Exception | None = catalogues.try_pull(name)
        except Exception as error:  # noqa: BLE001 - the worker loop's edge
            # Our own database is busy or full, say: the next pull goes on where this one stopped.
            problem = error
        reason = "" if problem is None else str(problem)
        if bool(reason) != bool(told):
            _log.info("peer_catalogue_followed" if not reason else "peer_catalogue_not_followed", extra={"peer": name, "reason": reason})
        told = reason
        clock.sleep(_PULL_SECONDS, wake=stopping)
