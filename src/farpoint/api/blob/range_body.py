"""The body of a download: a range of a blob in batches, framed with checksums when asked for."""

from collections.abc import Iterator, Sequence
from typing import Final

from farpoint.api.blob.call import ByteRange
from farpoint.codec.structured_body import StructuredEncoder
from farpoint.services.blobs import Blob, Buffer
from farpoint.units import MIB, round_up

#: What is read at a time: enough blocks that handing over to a thread costs nothing, few enough that many clients fit.
BATCH_BYTES: Final = MIB


class RangeBody:
    """Reads the range; every block of a restore point was proven when it is returned."""

    def __init__(self, blob: Blob, wanted: ByteRange, encoder: StructuredEncoder | None) -> None:
        """Read *wanted* of *blob*."""
        self._blob = blob
        self._batches = _batches(wanted)
        self._encoder = encoder

    def next_batch(self) -> Sequence[Buffer]:
        """Return the next pieces of the body, none at the end. One thread at a time."""
        batch = next(self._batches, None)
        if batch is None:
            return []
        pieces = self._blob.read(batch.start, batch.length)
        return pieces if self._encoder is None else list(_framed(self._encoder, pieces))


def _framed(encoder: StructuredEncoder, pieces: Sequence[Buffer]) -> Iterator[Buffer]:
    if not encoder.begun:
        yield encoder.begin()
    for piece in pieces:
        yield from encoder.frame(piece)
    if encoder.complete:
        yield encoder.end()


def _batches(wanted: ByteRange) -> Iterator[ByteRange]:
    """Cut a range at multiples of the batch, so that no block is read twice."""
    start = wanted.start
    while start < wanted.end:
        end = min(wanted.end, round_up(start + 1, BATCH_BYTES))
        yield ByteRange(start, end)
        start = end
