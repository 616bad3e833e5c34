"""One region as its services see it: names, clocks, database, disks, peers, and how work is started."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from attrs import frozen

from farpoint.clock import Clock, Entropy
from farpoint.disks.pools import DiskPools
from farpoint.disks.uploads import Uploads
from farpoint.keys.sas import SasSigner
from farpoint.metadata.database import Database
from farpoint.model.arm_id import ArmId, compute_id
from farpoint.model.directory import DirectoryRecord
from farpoint.model.ids import OperationId, RegionId, ScopeId
from farpoint.model.limits import Limits
from farpoint.model.regions import region_key
from farpoint.model.relay import RelayedAnswer, RelayedRequest
from farpoint.model.remote import PeerRegion, RemoteResource
from farpoint.services.authority import Authorities
from farpoint.services.catalogue import CatalogueWriter
from farpoint.services.new_names import NewNames
from farpoint.services.peer_catalogues import CatalogueSource, PeerCatalogues
from farpoint.vault.scope_reader import ScopeReader


class PeerLookup(CatalogueSource, Protocol):
    """What services ask of the other regions. Never called inside a transaction."""

    def resource(self, arm_id: str) -> RemoteResource | None:
        """Ask every peer for the resource; None when each one answered that it has none.

        Raises UnavailableError(PEER_UNAVAILABLE) when nobody had it and at least one that might did not answer.
        """
        ...

    def holder_of_name(self, arm_id: str) -> str | None:
        """Return the name of a peer that has the ARM id or gives it before this region may, among those that answer."""
        ...

    def tell(self, record: DirectoryRecord) -> Sequence[str]:
        """Tell every peer about a directory record; return the names of those that did not hear it."""
        ...

    def forward(self, name: str, request: RelayedRequest) -> RelayedAnswer:
        """Have the named peer answer a client's request. Raises UnavailableError(PEER_UNAVAILABLE)."""
        ...

    def clear_group(self, name: str, *, group: str, operation: OperationId, principal: str, look_only: bool) -> int:
        """Have the named peer delete its resources of a group, or only look, for an operation of ours; return how many it still has."""
        ...

    def regions(self) -> Sequence[PeerRegion]:
        """Return every configured peer and whether it answers; asks them all, briefly."""
        ...


class ReadableVault(Protocol):
    """What services need of the region's vault, to hand out bytes."""

    def reader(self, scope: ScopeId) -> ScopeReader:
        """Return the reader of *scope*."""
        ...

    def quarantine(self, names: Collection[str]) -> None:
        """Rely no more on the packs with these object names: damage was found in them."""
        ...


@frozen(kw_only=True)
class RegionContext:
    """The parts a service needs; bootstrap makes one per process."""

    name: str
    region_id: RegionId
    tenant_id: str
    subscription_id: str
    #: Base URL of this region's client API, https, without a slash at the end.
    endpoint: str
    database: Database
    #: Writes what services and workflows change to the region's log; the API waits for it before it answers a write.
    catalogue: CatalogueWriter
    clock: Clock
    entropy: Entropy
    pools: DiskPools
    peers: PeerLookup
    #: What the peers have, as they last said.
    peer_catalogues: PeerCatalogues
    vault: ReadableVault
    #: Names that requests of this process are about to give.
    new_names: NewNames
    #: Signs the URLs of disk bytes.
    sas: SasSigner
    #: The disk files that are being uploaded through this process.
    uploads: Uploads
    #: Which of Azure's limits refuse here.
    limits: Limits
    #: Who may do what.
    authorities: Authorities
    #: Entries the activity log keeps.
    activity_entries_max: int
    #: Starts the workflow of a committed operation; never blocks on the work itself.
    launch: Callable[[OperationId], None]

    def serves(self, location: str) -> bool:
        """Tell whether *location* is this region."""
        return region_key(location) == region_key(self.name)

    def arm_id(self, group: str, *path: tuple[str, str]) -> ArmId:
        """Return the id of a compute resource of this subscription."""
        return compute_id(subscription=self.subscription_id, group=group, path=path)
