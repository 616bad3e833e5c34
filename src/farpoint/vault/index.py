"""The chunk index as the vault needs it: where each chunk and node lies, which packs are whole, which nodes are closed.

The index is a cache of what packs say about themselves. It is written one transaction per pack; every write names the claim it
is made under and raises SupersededError when a newer incarnation of the operation exists.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from farpoint.model.ids import ChunkId, NodeId, PackId, ScopeId
from farpoint.model.index import Location, NodeRow, PackRecord
from farpoint.model.operations import Claim


class ChunkIndex(Protocol):
    """Contract; one suite (tests/contract/chunk_index) runs on every implementation."""

    def find_chunks(self, scope: ScopeId, ids: Collection[ChunkId]) -> Mapping[ChunkId, Location]:
        """Return the locations of those *ids* that are present and may be relied on; condemned and quarantined packs count as absent."""
        ...

    def find_nodes(self, scope: ScopeId, ids: Collection[NodeId]) -> Mapping[NodeId, NodeRow]:
        """Return the rows of those *ids*, like find_chunks. Presence proves nothing about what lies below."""
        ...

    def locate_chunks(self, scope: ScopeId, ids: Collection[ChunkId]) -> Mapping[ChunkId, Location]:
        """Return where to read those *ids*, quarantined packs included: most of what is in one may be sound, and reading proves it."""
        ...

    def locate_nodes(self, scope: ScopeId, ids: Collection[NodeId]) -> Mapping[NodeId, NodeRow]:
        """Return where to read those *ids*, like locate_chunks."""
        ...

    def begin_pack(self, pack: PackRecord, claim: Claim) -> None:
        """Commit the ``writing`` row of a pack before its object is put (size 0)."""
        ...

    def add_pack(
        self, pack: PackRecord, entries: Sequence[tuple[bytes, Location]], claim: Claim, *, checked_at: dt.datetime | None
    ) -> None:
        """Make the pack live and add its entries (chunk or node ids by the pack's kind), in one transaction.

        An id that is present already keeps its first location. *checked_at* is None for a pack that must be read back first.
        """
        ...

    def find_packs(self, ids: Collection[PackId]) -> Mapping[PackId, PackRecord]:
        """Return the records of those packs that can be read: live ones and quarantined ones."""
        ...

    def unchecked_packs(self, ids: Collection[PackId]) -> frozenset[PackId]:
        """Return those of *ids* whose frames were never read back."""
        ...

    def mark_packs_checked(self, ids: Collection[PackId], checked_at: dt.datetime, claim: Claim) -> None:
        """Record that every frame of these packs was read back and matched."""
        ...

    def oldest_check(self, ids: Collection[PackId]) -> dt.datetime | None:
        """Return the oldest ``checked_at`` of these packs, None when there are none."""
        ...

    def close_nodes(self, scope: ScopeId, nodes: Mapping[NodeId, dt.datetime], claim: Claim) -> None:
        """Set the closed mark: under each of these nodes everything is present, live and sound since the given moment."""
        ...

    def quarantine(self, ids: Collection[PackId]) -> frozenset[PackId]:
        """Rely on these packs no more, since damage was found in them; return those that were live until now.

        In one transaction: what they hold counts as absent for whoever would lean on it, so it is stored again when it is met again;
        no node of their scopes is closed any more; and the condemn counter rises. Needs no claim: trust is only ever taken away.
        """
        ...

    def reinstate(self, ids: Collection[PackId]) -> None:
        """Rely again on those of these packs that are quarantined: they were read back whole. They count as unchecked all the same."""
        ...

    def condemn_count(self) -> int:
        """Return the counter that rises each time something is condemned or quarantined."""
        ...

    def packs(self, *, claim_operation: str | None = None) -> Iterator[PackRecord]:
        """Iterate over all live packs, or over those one operation wrote."""
        ...
