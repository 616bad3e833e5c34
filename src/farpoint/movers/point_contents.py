"""Any range of a disk in the vault, read as it is asked for: every chunk proven before a byte of it is handed out."""

from collections.abc import Callable, Collection, Iterator, Sequence

from farpoint.codec.compression import BlockDecompressor
from farpoint.codec.frame import Buffer
from farpoint.errors import IntegrityError, Place
from farpoint.model.disk import DiskState
from farpoint.model.ids import ChunkId
from farpoint.vault.block_ranges import MapSide, data_ranges
from farpoint.vault.chunk_proof import prove_chunk
from farpoint.vault.scope_reader import ScopeReader


class PointContents:
    """The bytes of one disk state. One reader at a time; nothing is held open between reads."""

    def __init__(self, reader: ScopeReader, state: DiskState, *, disk: str, quarantine: Callable[[Collection[str]], None]) -> None:
        """Read *state* through *reader*; errors name *disk*, and packs in which damage is met go to *quarantine*."""
        self._quarantine = quarantine
        self.side = MapSide(reader=reader, state=state, disk=disk)
        self._geometry = state.geometry
        self._decompressor = BlockDecompressor()
        #: What every block of zeros is shown as.
        self._zeros = memoryview(bytes(state.block_bytes))

    @property
    def size_bytes(self) -> int:
        """Size of the disk."""
        return self._geometry.size_bytes

    def read(self, offset_bytes: int, length_bytes: int) -> list[Buffer]:
        """Return the bytes of a range of the disk, in pieces. Raises IntegrityError naming pack, frame and disk range."""
        size, end = self._geometry.block_bytes, offset_bytes + length_bytes
        blocks = range(offset_bytes // size, -(-end // size))
        pieces: list[Buffer] = []
        for block, raw in zip(blocks, self._blocks(blocks), strict=True):
            first, last = max(0, offset_bytes - block * size), min(size, end - block * size)
            whole = first == 0 and last == len(raw)
            pieces.append(raw if whole else memoryview(raw)[first:last])
        return pieces

    def data_ranges(self, start_bytes: int, end_bytes: int) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of the stretches with data between two offsets, widened to whole blocks but not past the disk's end."""
        size = self._geometry.block_bytes
        for found in data_ranges(self.side, first=start_bytes // size, end=-(-end_bytes // size)):
            yield found.first * size, min(found.end * size, self._geometry.size_bytes)

    def close(self) -> None:
        """Nothing is open."""

    def _blocks(self, blocks: Sequence[int]) -> Iterator[Buffer]:
        """Yield each block whole, the last one zero-padded."""
        ids = self.side.reader.chunk_ids(self.side.state, blocks)
        chunks = self._proven([(block, chunk) for block, chunk in zip(blocks, ids, strict=True) if chunk is not None])
        for chunk in ids:
            yield self._zeros if chunk is None else next(chunks)

    def _proven(self, wanted: Sequence[tuple[int, ChunkId]]) -> Iterator[Buffer]:
        done = 0
        try:
            for chunk in self.side.reader.open_chunks([chunk for _, chunk in wanted]):
                yield prove_chunk(chunk, self._decompressor, block_bytes=self._geometry.block_bytes)
                done += 1
        except IntegrityError as error:
            if error.place.pack is not None:
                self._quarantine([error.place.pack])
            block = wanted[done][0]
            offset = block * self._geometry.block_bytes
            place = Place(disk=self.side.disk, offset_bytes=offset, length_bytes=self._geometry.length_of(block))
            raise error.within(place) from error
