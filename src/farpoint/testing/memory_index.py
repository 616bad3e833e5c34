"""A chunk index in memory: satisfies farpoint.vault.index.ChunkIndex."""

import datetime as dt
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from attrs import evolve, frozen

from farpoint.errors import Code, RefusedError
from farpoint.model.ids import ChunkId, NodeId, OperationId, PackId, ScopeId
from farpoint.model.index import Location, NodeRow, PackKind, PackRecord
from farpoint.model.operations import Claim
from farpoint.testing.memory_claims import MemoryClaims

_Id = TypeVar("_Id", ChunkId, NodeId)


@frozen(kw_only=True)
class _Pack:
    record: PackRecord
    operation: OperationId
    #: False while the pack is being written, and again once it is condemned or quarantined.
    live: bool = False
    condemned: bool = False
    quarantined: bool = False
    checked_at: dt.datetime | None = None


class MemoryIndex:
    """See farpoint.vault.index.ChunkIndex for the contract."""

    def __init__(self, claims: MemoryClaims | None = None) -> None:
        """Start empty; *claims* says who may write, and is shared with other fakes of one region."""
        self.claims = claims or MemoryClaims()
        self._lock = threading.RLock()
        self._packs: dict[PackId, _Pack] = {}
        self._chunks: dict[tuple[ScopeId, bytes], NodeRow] = {}
        self._nodes: dict[tuple[ScopeId, bytes], NodeRow] = {}
        self._condemned = 0

    def find_chunks(self, scope: ScopeId, ids: Collection[ChunkId]) -> Mapping[ChunkId, Location]:
        """Return the locations of those *ids* that are present."""
        return {id: row.location for id, row in self._find(self._chunks, scope, ids).items()}

    def find_nodes(self, scope: ScopeId, ids: Collection[NodeId]) -> Mapping[NodeId, NodeRow]:
        """Return the rows of those *ids* that are present."""
        return self._find(self._nodes, scope, ids)

    def locate_chunks(self, scope: ScopeId, ids: Collection[ChunkId]) -> Mapping[ChunkId, Location]:
        """Return where to read those *ids*."""
        return {id: row.location for id, row in self._find(self._chunks, scope, ids, quarantined=True).items()}

    def locate_nodes(self, scope: ScopeId, ids: Collection[NodeId]) -> Mapping[NodeId, NodeRow]:
        """Return where to read those *ids*."""
        return self._find(self._nodes, scope, ids, quarantined=True)

    def begin_pack(self, pack: PackRecord, claim: Claim) -> None:
        """Record the pack as being written."""
        with self._lock:
            self.claims.check(claim)
            if pack.id in self._packs:
                raise RefusedError(Code.CONFLICT, f"pack {pack.id.hex()} exists already")
            self._packs[pack.id] = _Pack(record=pack, operation=claim.operation)

    def add_pack(
        self, pack: PackRecord, entries: Sequence[tuple[bytes, Location]], claim: Claim, *, checked_at: dt.datetime | None
    ) -> None:
        """Make the pack live and add its entries, at once."""
        with self._lock:
            self.claims.check(claim)
            begun = self._packs.get(pack.id)
            assert begun is not None, f"pack {pack.id.hex()} was not begun"
            assert not begun.condemned, f"pack {pack.id.hex()} is condemned"
            self._packs[pack.id] = evolve(begun, record=pack, live=True, checked_at=checked_at or begun.checked_at)
            table = self._nodes if pack.kind is PackKind.NODES else self._chunks
            for id, location in entries:
                assert location.pack == pack.id, f"an entry of pack {pack.id.hex()} names another pack"
                known = table.get((pack.scope, id))
                if known is None or not self._packs[known.location.pack].live:
                    table[pack.scope, id] = NodeRow(location, None)

    def find_packs(self, ids: Collection[PackId]) -> Mapping[PackId, PackRecord]:
        """Return the records of those packs that can be read."""
        with self._lock:
            known = {id: self._packs[id] for id in ids if id in self._packs}
        return {id: pack.record for id, pack in known.items() if pack.live or pack.quarantined}

    def unchecked_packs(self, ids: Collection[PackId]) -> frozenset[PackId]:
        """Return those of *ids* that are not known to be live and checked."""
        return frozenset(ids) - {id for id, pack in self._live(ids).items() if pack.checked_at is not None}

    def mark_packs_checked(self, ids: Collection[PackId], checked_at: dt.datetime, claim: Claim) -> None:
        """Record that every frame of these packs was read back and matched."""
        with self._lock:
            self.claims.check(claim)
            for id, pack in self._live(ids).items():
                self._packs[id] = evolve(pack, checked_at=checked_at)

    def oldest_check(self, ids: Collection[PackId]) -> dt.datetime | None:
        """Return the oldest ``checked_at`` of those of these packs that were checked."""
        return min((pack.checked_at for pack in self._live(ids).values() if pack.checked_at is not None), default=None)

    def close_nodes(self, scope: ScopeId, nodes: Mapping[NodeId, dt.datetime], claim: Claim) -> None:
        """Set the closed mark of these nodes."""
        with self._lock:
            self.claims.check(claim)
            for id, row in self._find(self._nodes, scope, nodes).items():
                self._nodes[scope, id] = evolve(row, closed_since=nodes[id])

    def quarantine(self, ids: Collection[PackId]) -> frozenset[PackId]:
        """Rely on these packs no more; return those that were live until now."""
        with self._lock:
            doomed = self._live(ids)
            self._condemned += bool(doomed)
            for id, pack in doomed.items():
                self._packs[id] = evolve(pack, live=False, quarantined=True, checked_at=None)
            touched = {pack.record.scope for pack in doomed.values()}
            for (scope, node), row in self._nodes.items():
                if scope in touched:
                    self._nodes[scope, node] = evolve(row, closed_since=None)
        return frozenset(doomed)

    def reinstate(self, ids: Collection[PackId]) -> None:
        """Rely again on those of these packs that are quarantined."""
        with self._lock:
            for id in ids:
                pack = self._packs.get(id)
                if pack is not None and pack.quarantined:
                    self._packs[id] = evolve(pack, live=True, quarantined=False)

    def condemn_count(self) -> int:
        """Return how often something was condemned or quarantined."""
        return self._condemned

    def packs(self, *, claim_operation: str | None = None) -> Iterator[PackRecord]:
        """Iterate over all live packs, or over those one operation wrote, oldest first."""
        with self._lock:
            live = [pack for pack in self._packs.values() if pack.live]
        return (pack.record for pack in live if claim_operation in (None, str(pack.operation)))

    def condemn(self, ids: Collection[PackId]) -> None:
        """Let these packs count as absent, as collection does before it takes them. Not part of the protocol."""
        with self._lock:
            self._condemned += 1
            for id, pack in self._live(ids).items():
                self._packs[id] = evolve(pack, live=False, condemned=True)

    def _find(
        self, table: Mapping[tuple[ScopeId, bytes], NodeRow], scope: ScopeId, ids: Collection[_Id], *, quarantined: bool = False
    ) -> dict[_Id, NodeRow]:
        with self._lock:
            rows = ((id, table.get((scope, id))) for id in ids)
            return {id: row for id, row in rows if row is not None and self._is_there(row, quarantined=quarantined)}

    def _is_there(self, row: NodeRow, *, quarantined: bool) -> bool:
        pack = self._packs[row.location.pack]
        return pack.live or (quarantined and pack.quarantined)

    def _live(self, ids: Collection[PackId]) -> dict[PackId, _Pack]:
        with self._lock:
            return {id: self._packs[id] for id in ids if id in self._packs and self._packs[id].live}
