"""A stream of blocks of a source in this process: satisfies farpoint.movers.ports.BlockStream."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from farpoint.model.remote import WireChunk


class AskedBlocks:
    """Reads what was asked for when it is taken."""

    def __init__(self, read: Callable[[Sequence[int]], Iterator[WireChunk]]) -> None:
        """*read* reads blocks."""
        self._read = read
        self._asked: deque[Sequence[int]] = deque()

    def ask(self, blocks: Sequence[int]) -> None:
        """Ask for blocks; a peer takes no third question before the first is taken."""
        assert len(self._asked) <= 1
        self._asked.append(blocks)

    def take(self) -> Iterator[WireChunk]:
        """Read the blocks of the first question."""
        return self._read(self._asked.popleft())

    def close(self) -> None:
        """Forget what was not taken."""
        self._asked.clear()
