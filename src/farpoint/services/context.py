"""One region as its services see it: names, clocks, database, disks, peers, and how work is started."""

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import frozen

from farpoint.clock import Clock, Entropy
from farpoint.disks.pools import DiskPools
from farpoint.metadata.database import Database
from farpoint.model.arm_id import ArmId, compute_id
from farpoint.model.ids import OperationId, RegionId
from farpoint.model.regions import region_key
from farpoint.model.remote import PeerRegion, RemoteResource
from farpoint.model.resources import ResourceGroup
from farpoint.services.catalogue import CatalogueWriter


class PeerLookup(Protocol):
    """What services ask of the other regions. Never called inside a transaction."""

    def resource(self, arm_id: str) -> RemoteResource | None:
        """Ask every peer for the resource; None when each one answered that it has none.

        Raises UnavailableError(PEER_UNAVAILABLE) when nobody had it and at least one that might did not answer.
        """
        ...

    def group(self, name: str) -> ResourceGroup | None:
        """Ask every peer for a resource group, like resource()."""
        ...

    def put_group(self, group: ResourceGroup) -> Sequence[str]:
        """Tell every peer about *group*; return the names of those that did not answer."""
        ...

    def names(self) -> Sequence[str]:
        """Return the names of the configured peers; asks nobody."""
        ...

    def regions(self) -> Sequence[PeerRegion]:
        """Return every configured peer and whether it answers; asks them all, briefly."""
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
    #: Starts the workflow of a committed operation; never blocks on the work itself.
    launch: Callable[[OperationId], None]

    def serves(self, location: str) -> bool:
        """Tell whether *location* is this region."""
        return region_key(location) == region_key(self.name)

    def arm_id(self, group: str, *path: tuple[str, str]) -> ArmId:
        """Return the id of a compute resource of this subscription."""
        return compute_id(subscription=self.subscription_id, group=group, path=path)
