"""A copy's work list in memory: satisfies farpoint.movers.ports.PlanStore."""

import threading
from collections.abc import Sequence

from farpoint.model.ids import ChunkId, OperationId
from farpoint.model.index import PlannedChunk
from farpoint.model.operations import Claim
from farpoint.testing.memory_claims import MemoryClaims


class MemoryPlan:
    """See farpoint.movers.ports.PlanStore for the contract."""

    def __init__(self, claims: MemoryClaims | None = None) -> None:
        """Start empty; *claims* says who may write, and is shared with other fakes of one region."""
        self.claims = claims or MemoryClaims()
        self._lock = threading.Lock()
        self._plans: dict[OperationId, dict[ChunkId, PlannedChunk]] = {}

    def reset(self, claim: Claim) -> None:
        """Forget the operation's plan."""
        with self._lock:
            self.claims.check(claim)
            self._plans.pop(claim.operation, None)

    def discard(self, operation: OperationId) -> None:
        """Forget the plan of an operation that has ended."""
        with self._lock:
            self._plans.pop(operation, None)

    def add(self, claim: Claim, chunks: Sequence[PlannedChunk]) -> None:
        """Add chunks, ignoring ids the plan has already, under whatever disk."""
        with self._lock:
            self.claims.check(claim)
            plan = self._plans.setdefault(claim.operation, {})
            for one in chunks:
                plan.setdefault(one.chunk, one)

    def totals(self, operation: OperationId) -> dict[str, tuple[int, int]]:
        """Return per disk (chunks, wire bytes) planned."""
        totals: dict[str, tuple[int, int]] = {}
        with self._lock:
            for one in self._plans.get(operation, {}).values():
                count, wire_bytes = totals.get(one.disk, (0, 0))
                totals[one.disk] = (count + 1, wire_bytes + one.wire_bytes)
        return totals

    def read(self, operation: OperationId, *, disk: str, after_block: int, limit: int) -> list[PlannedChunk]:
        """Return at most *limit* planned chunks of one disk with block > *after_block*, ascending."""
        with self._lock:
            plan = self._plans.get(operation, {}).values()
            wanted = sorted((one for one in plan if one.disk == disk and one.block > after_block), key=lambda one: one.block)
        return wanted[:limit]
