"""Peers in the same process: the other regions are objects here, joined without a network, and can be made not to answer."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from farpoint.api.forwarding import ClientApp, answer_forwarded
from farpoint.api.resource_document import resource_document, resource_documents
from farpoint.errors import Code, UnavailableError
from farpoint.metadata.directory import merge_record
from farpoint.model.directory import DirectoryRecord
from farpoint.model.ids import OperationId, RegionId
from farpoint.model.relay import CataloguePage, RelayedAnswer, RelayedRequest
from farpoint.model.remote import PeerRegion, RemoteResource
from farpoint.peers.protocol import CATALOGUE_MAX
from farpoint.services.context import RegionContext
from farpoint.services.group_deletion import clear_own_group
from farpoint.services.ownership import holds_name
from farpoint.services.serving_catalogue import catalogue_page


class LinkedPeers:
    """Satisfies services.context.PeerLookup."""

    def __init__(self, here: RegionId) -> None:
        """Begin alone, as the peers of region *here*."""
        self._here = here
        self.others: dict[str, RegionContext] = {}
        #: How requests are forwarded to each: its application is made when it is first needed.
        self.apps: dict[str, Callable[[], ClientApp]] = {}
        self.down: set[str] = set()
        #: Epochs of the others' databases; another number plays a rebuilt one.
        self.epochs: defaultdict[str, int] = defaultdict(lambda: 1)
        #: Requests forwarded, with the region they went to.
        self.forwarded: list[tuple[str, str, str]] = []

    def names(self) -> Sequence[str]:
        """Return the names of all, up or down."""
        return list(self.others)

    def region_id(self, name: str) -> RegionId:
        """Return the region id of one, up or down."""
        return self.others[name].region_id

    def is_down(self, name: str) -> bool:
        """Tell whether it was made not to answer."""
        return name in self.down

    def catalogue(self, name: str, *, after: int) -> CataloguePage:
        """Read another region's catalogue."""
        other = self._up(name)
        other.catalogue.settle()
        documents_of = partial(resource_documents, other)
        return catalogue_page(other.database, documents_of, epoch=self.epochs[name], after=after, limit=CATALOGUE_MAX)

    def resource(self, arm_id: str) -> RemoteResource | None:
        """Look at every region that is up."""
        for name in self._all_up():
            document = resource_document(self.others[name], arm_id)
            if document is not None:
                return RemoteResource(region_name=name, document=document)
        if self.down:
            raise UnavailableError(Code.PEER_UNAVAILABLE, f"{arm_id} may be known at {', '.join(sorted(self.down))}", hint="Ask again.")
        return None

    def holder_of_name(self, arm_id: str) -> str | None:
        """Return the first region that is up and has the name, or goes before this one."""
        return next((name for name in self._all_up() if holds_name(self.others[name], arm_id, rival=self._here)), None)

    def tell(self, record: DirectoryRecord) -> Sequence[str]:
        """Give the record to every region that is up."""
        for name in self._all_up():
            with self.others[name].database.write() as conn:
                merge_record(conn, record)
        return sorted(self.down)

    def forward(self, name: str, request: RelayedRequest) -> RelayedAnswer:
        """Have another region's application answer."""
        self._up(name)
        self.forwarded.append((name, request.method, request.path))
        return asyncio.run(answer_forwarded(self.apps[name](), request))

    def clear_group(self, name: str, *, group: str, operation: OperationId, principal: str, look_only: bool) -> int:
        """Have another region delete its resources of a group."""
        return clear_own_group(self._up(name), group, operation=operation, principal=principal, look_only=look_only)

    def regions(self) -> Sequence[PeerRegion]:
        """Describe all, up or down."""
        return [
            PeerRegion(
                name=name,
                region=context.region_id,
                endpoint=None if name in self.down else context.endpoint,
                problem="it does not answer" if name in self.down else "",
            )
            for name, context in self.others.items()
        ]

    def _all_up(self) -> list[str]:
        return [name for name in self.others if name not in self.down]

    def _up(self, name: str) -> RegionContext:
        if name in self.down:
            raise UnavailableError(Code.PEER_UNAVAILABLE, f"peer {name} does not answer")
        return self.others[name]
