"""Where a file has data and where it has holes, and making a range of it zeros without filling holes."""

import errno
import os
from collections.abc import Iterator

from farpoint.disks.descriptor import Descriptor
from farpoint.disks.writer import Writer


def zero_range(file: Descriptor, writer: Writer, offset_bytes: int, length_bytes: int) -> None:
    """Make the range read as zeros; holes stay holes."""
    writer.check_range(offset_bytes, length_bytes)
    for start, end in data_in(file, offset_bytes, offset_bytes + length_bytes):
        writer.write_zero_bytes(start, end - start)


def data_in(file: Descriptor, start_bytes: int, end_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the stretches between two offsets that are no holes."""
    position = start_bytes
    while position < end_bytes:
        # The number is borrowed for each step, not across yields: close must not wait for a forgotten iterator.
        with file as descriptor:
            start, position = _next_data(descriptor, position, end_bytes)
        if start < position:
            yield start, position


def _next_data(descriptor: int, start: int, end: int) -> tuple[int, int]:
    """Return the next range between *start* and *end* that is no hole; an empty one at *end* when all are."""
    try:
        data = min(end, os.lseek(descriptor, start, os.SEEK_DATA))
        return data, min(end, os.lseek(descriptor, data, os.SEEK_HOLE)) if data < end else end
    except OSError as error:
        # ENXIO: holes to the end of the file. Anything else: a file system that cannot tell, so all of it counts.
        return (end, end) if error.errno == errno.ENXIO else (start, end)
