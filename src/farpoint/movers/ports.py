"""What the movers ask of the rest of the program, each as a small protocol that others satisfy."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from farpoint.model.ids import OperationId
from farpoint.model.index import PlannedChunk
from farpoint.model.operations import Claim
from farpoint.model.remote import HeldPoint, NodePath, WireChunk

#: The values live in the model: peers, a floor below, makes them.
__all__ = ["BlockStream", "HeldPoint", "NodePath", "PlanStore", "SourceRegion", "WireChunk"]


class BlockStream(Protocol):
    """Blocks of one disk at the source, for one thread. Its calls raise what those of SourceRegion raise."""

    def ask(self, blocks: Sequence[int]) -> None:
        """Ask for blocks. One more question may be asked before the first is taken: its blocks then follow without a pause."""
        ...

    def take(self) -> Iterator[WireChunk]:
        """Yield the blocks of the first question that was not taken yet, in its order; each payload is valid until the next is taken."""
        ...

    def close(self) -> None:
        """Let go of what was asked for and not taken. Idempotent."""
        ...


class SourceRegion(Protocol):
    """The source side of one copy, as the target pulls from it.

    Calls raise UnavailableError when the peer does not answer (retried by the caller), HoldLostError when the token is used up,
    RefusedError(COPY_SOURCE_NOT_FOUND) when the point is gone, IntegrityError when the source found its own data bad.
    """

    def hold(self, *, source_point_id: str, operation: OperationId, principal: str) -> HeldPoint:
        """Pin the point for *operation*; asking again for the same operation returns the same hold while it lives."""
        ...

    def nodes(self, token: str, *, disk: str, paths: Sequence[NodePath]) -> list[bytes]:
        """Return the encoded nodes at *paths* of the named disk's map, in the order asked."""
        ...

    def measure(self, token: str, *, disk: str, blocks: Sequence[int]) -> list[int]:
        """Return the compressed length in bytes of each of these blocks (which must hold data), in the order asked."""
        ...

    def block_stream(self, token: str, *, disk: str) -> BlockStream:
        """Begin to ask for blocks of the named disk; nothing is asked yet."""
        ...

    def release(self, token: str, *, receipt: bytes | None) -> None:
        """End the hold; *receipt* is kept by the source. Idempotent."""
        ...


class PlanStore(Protocol):
    """A copy's work list, on disk because a 6 TiB disk's does not fit in memory. Scratch: it may be lost and made again."""

    def reset(self, claim: Claim) -> None:
        """Forget the operation's plan."""
        ...

    def discard(self, operation: OperationId) -> None:
        """Forget the plan of an operation that has ended, and has no claim any more."""
        ...

    def add(self, claim: Claim, chunks: Sequence[PlannedChunk]) -> None:
        """Add chunks, ignoring ids the plan has already, under whatever disk."""
        ...

    def totals(self, operation: OperationId) -> dict[str, tuple[int, int]]:
        """Return per disk (chunks, wire bytes) planned."""
        ...

    def read(self, operation: OperationId, *, disk: str, after_block: int, limit: int) -> list[PlannedChunk]:
        """Return planned chunks of one disk with block > *after_block*, ascending (start with -1)."""
        ...
