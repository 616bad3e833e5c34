"""A region that other regions can talk to, with real sockets, certificates and database, and a vault in memory."""

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from farpoint.api.forwarding import ClientApp
from farpoint.api.listeners import Listeners, client_listener, peer_listener
from farpoint.api.peer_app import build_peer_app
from farpoint.clock import Clock
from farpoint.keys.signing import create_signing_key, open_signer
from farpoint.keys.tokens import TokenIssuer, TokenVerifier
from farpoint.metadata import catalogue
from farpoint.metadata.collections import get_collection, insert_collection
from farpoint.metadata.database import Database
from farpoint.metadata.disk_points import insert_disk_points
from farpoint.metadata.groups import put_group
from farpoint.metadata.points import insert_point
from farpoint.model.arm_id import compute_id
from farpoint.model.documents import JsonObject
from farpoint.model.ids import CollectionId, DiskPointId, GroupId, ManifestId, OperationId, PointId, RegionId, ScopeId
from farpoint.model.manifest import Consistency
from farpoint.model.remote import RegionIdentity
from farpoint.model.resources import Collection, DiskRestorePoint, ProvisioningState, ResourceGroup, RestorePoint
from farpoint.model.roles import OWNER, configured_assignment
from farpoint.peers.client import PeerClient, PeerSettings
from farpoint.peers.identity import TrustedPeer
from farpoint.peers.protocol import VERSIONS
from farpoint.peers.tls import OwnCertificate, context_for_clients, context_for_peers, trusted_peer
from farpoint.services.authority import Authorities
from farpoint.services.peer_pins import PeerPins
from farpoint.services.serving import ManifestCache, ServingContext
from farpoint.testing.new_database import lay_database
from farpoint.testing.served_vault import MemoryVault

TENANT = "2f4a7c3e-0000-4000-8000-000000000001"
SUBSCRIPTION = "2f4a7c3e-0000-4000-8000-000000000002"
#: The client that every region under test knows.
CLIENT = "2f4a7c3e-0000-4000-8000-000000000003"
_READY_SECONDS = 20.0
_CHANGES_MAX = 100


def _guid(text: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, text)


class ServedRegion:
    """One region under test. Its ids follow from its name, so that others can be configured before it exists."""

    def __init__(self, name: str, folder: Path, *, own: OwnCertificate, ca_file: Path, clock: Clock) -> None:
        """Make keys and an empty database in *folder*; *ca_file* is what this region trusts peers by."""
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.region = region_id(name)
        self.own = own
        self.clock = clock
        self._ca_file = ca_file
        key = folder / "tokens.pem"
        if not key.exists():
            create_signing_key(key)
        signer = open_signer(key)
        self.identity = RegionIdentity(
            region=self.region,
            name=name,
            signing_key=signer.public,
            token_key=signer.public,
            endpoint=f"https://{name}.test",
            versions=VERSIONS,
        )
        self.database = Database.open_sqlite(lay_database(folder / "metadata.sqlite"))
        self.vault = MemoryVault(self.region, ScopeId(_guid("scope")))
        self.issuer = TokenIssuer(signer=signer, region_id=str(self.region), tenant_id=TENANT, endpoint=f"https://{name}.test", clock=clock)
        self.pins = PeerPins(database=self.database, own=self.identity)
        #: ARM documents of this region's resources, by lower-case id.
        self.documents: dict[str, JsonObject] = {}
        self.find_document: Callable[[str], JsonObject | None] = lambda arm_id: self.documents.get(arm_id.lower())
        #: The application that answers what peers forward; a test exchanges it.
        self.clients: ClientApp = FastAPI()
        #: Groups that a peer asked to clear, with the operation and the user it did so for.
        #: Who asked for names.
        self.name_rivals: list[RegionId] = []
        self.cleared: list[tuple[str, OperationId, str]] = []
        self._listeners: Listeners | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Port of the peer listener."""
        assert self._listeners is not None, "start() first"
        return self._listeners.ports[1]

    def context(self) -> ServingContext:
        """Join what serving needs."""
        verifier = TokenVerifier(
            tenant_id=TENANT, clock=self.clock, key_of=self.pins.token_key, knows_client=lambda client: client == CLIENT
        )
        owner = configured_assignment(subscription=SUBSCRIPTION, client=CLIENT, role=OWNER)
        return ServingContext(
            identity=self.identity,
            epoch=1,
            database=self.database,
            vault=self.vault,
            manifests=ManifestCache(self.vault),
            assertions=verifier,
            subscription_id=SUBSCRIPTION,
            authorities=Authorities(database=self.database, configured=(owner,)),
            pins=self.pins,
            document_of=lambda arm_id: self.find_document(arm_id),  # noqa: PLW0108 - a test may exchange it later
            documents_of=self._documents_of,
            clear_group=self._clear_group,
            holds_name=self._holds_name,
        )

    def trusts(self, peers: Sequence[str]) -> list[TrustedPeer]:
        """Return these peers, by name, as this region is configured to trust them."""
        return [trusted_peer(name=name, region=region_id(name), ca_file=self._ca_file) for name in peers]

    def start(self, peers: Sequence[str]) -> None:
        """Serve these peers, by name, in a thread."""
        self.start_trusting(self.trusts(peers))

    def start_trusting(self, trusted: Sequence[TrustedPeer]) -> None:
        """Serve these peers in a thread."""
        listeners = self.listeners(trusted)
        ready = threading.Event()
        self._thread = threading.Thread(target=listeners.run, args=(ready.set,), name=f"region-{self.name}", daemon=True)
        self._thread.start()
        assert ready.wait(_READY_SECONDS), "the listeners did not start"

    def listeners(self, trusted: Sequence[TrustedPeer], *, port: int = 0) -> Listeners:
        """Bind the listeners of this region."""

        async def clients(*call: Any) -> None:  # noqa: ANN401 - ASGI's three, handed on as they are
            await self.clients(*call)

        app = build_peer_app(self.context(), trusted, clients=clients)
        self._listeners = Listeners(
            [
                client_listener(FastAPI(), host="127.0.0.1", port=0, tls=context_for_clients(self.own)),
                peer_listener(app, host="127.0.0.1", port=port, tls=context_for_peers(trusted, self.own)),
            ]
        )
        return self._listeners

    def stop(self) -> None:
        """Stop serving and close the database."""
        if self._listeners is not None and self._thread is not None:
            self._listeners.stop()
            self._thread.join()
        self.database.close()

    def client_of(self, name: str, *, port: int, own: OwnCertificate | None = None) -> PeerClient:
        """Return a client of the named peer; *own* shows another certificate than this region's."""
        return self.client_at(name, endpoint=f"https://127.0.0.1:{port}", own=own)

    def client_at(self, name: str, *, endpoint: str, own: OwnCertificate | None = None) -> PeerClient:
        """Return a client of the named peer at a URL."""
        settings = PeerSettings(name=name, region=region_id(name), endpoint=endpoint, ca_file=self._ca_file)
        return PeerClient(settings, own=own or self.own, identity=self.identity, pins=self.pins, clock=self.clock)

    def add_point(self, name: str, disks: Mapping[str, Sequence[bytes | None]], *, block_bytes: int, published: bool = True) -> str:
        """Add a restore point of these disks to collection ``web01`` and return its ARM id."""
        arm_id = point_id(name)
        manifest = ManifestId(_guid(arm_id))
        self.vault.publish(manifest, point_id=arm_id, disks=disks, block_bytes=block_bytes)
        point = self._point(name, manifest if published else None)
        with self.database.write() as conn:
            if get_collection(conn, group="default", name="web01") is None:
                insert_collection(conn, self._collection())
            insert_point(conn, point)
            rows = [self._disk_point(point, disk, place, block_bytes * len(blocks)) for place, (disk, blocks) in enumerate(disks.items())]
            insert_disk_points(conn, rows)
        return arm_id

    def add_group(self, name: str) -> ResourceGroup:
        """Add a resource group."""
        group = ResourceGroup(id=GroupId(_guid(f"group/{name}")), name=name, location=self.name, tags={"team": "blue"})
        with self.database.write() as conn:
            put_group(conn, group, origin=self.region)
        return group

    def publish(self) -> None:
        """Say that the catalogue log has everything that changed."""
        with self.database.write() as conn:
            seq = catalogue.head(conn) + 1
            waiting = catalogue.waiting(conn, _CHANGES_MAX)
            catalogue.store_batch(conn, catalogue.Batch(seq=seq, object=b""), [(one, False) for one in waiting])
            catalogue.record_batch(conn, catalogue.Head(seq=seq, digest=b""))

    def _documents_of(self, arm_path: str) -> Sequence[JsonObject]:
        document = self.find_document(f"/subscriptions/{SUBSCRIPTION}{arm_path}")
        return () if document is None else (document,)

    def _clear_group(self, group: str, *, operation: OperationId, principal: str, look_only: bool) -> int:
        if not look_only:
            self.cleared.append((group, operation, principal))
        return 0

    def _holds_name(self, name: str, *, rival: RegionId) -> bool:
        self.name_rivals.append(rival)
        return name in self.documents

    def _collection(self) -> Collection:
        vm = compute_id(subscription=SUBSCRIPTION, group="default", path=(("virtualMachines", "web01"),))
        return Collection(
            id=CollectionId(_guid("collection/web01")),
            group="default",
            name="web01",
            location=self.name,
            tags={},
            source_id=str(vm),
            source_location=self.name,
            time_created=self.clock.now(),
        )

    def _point(self, name: str, manifest: ManifestId | None) -> RestorePoint:
        return RestorePoint(
            id=PointId(_guid(f"point/{name}")),
            collection=CollectionId(_guid("collection/web01")),
            group="default",
            collection_name="web01",
            name=name,
            provisioning_state=ProvisioningState.CREATING if manifest is None else ProvisioningState.SUCCEEDED,
            consistency=Consistency.CRASH,
            source_point_id=None,
            copy_state=None,
            time_created=self.clock.now(),
            source_time_created=self.clock.now(),
            exclude_disks=(),
            source_metadata={"vmId": "web01"},
            manifest=manifest,
            operation=OperationId(_guid(f"operation/{name}")),
        )

    def _disk_point(self, point: RestorePoint, disk: str, place: int, size_bytes: int) -> DiskRestorePoint:
        guid = _guid(f"{point.name}/{disk}")
        return DiskRestorePoint(
            id=DiskPointId(guid),
            point=point.id,
            name=f"{disk}_{guid}",
            disk_name=disk,
            lun=None if place == 0 else place - 1,
            os_type="Linux" if place == 0 else None,
            source_disk_id=disk,
            source_disk_point_id=None,
            source_location=self.name,
            source_unique_id=disk,
            family_id=f"family-{disk}",
            time_created=self.clock.now(),
            size_bytes=size_bytes,
            block_bytes=64 * 1024,
        )


def region_id(name: str) -> RegionId:
    """Return the id of the region under test called *name*."""
    return RegionId(_guid(f"region/{name}"))


def point_id(name: str, *, collection: str = "web01") -> str:
    """Return the ARM id of a restore point of a region under test."""
    path = (("restorePointCollections", collection), ("restorePoints", name))
    return str(compute_id(subscription=SUBSCRIPTION, group="default", path=path))
