"""What every source of a capture must do (farpoint.disks.source.BlockSource): raw files, and the fake in memory."""

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.source import BlockSource
from farpoint.errors import Code, RefusedError
from farpoint.model.disk import SECTOR_BYTES, ExtentKind
from farpoint.testing.memory_disks import MemorySource
from farpoint.units import KIB

#: Data, a hole, data, a hole, and one odd sector.
CONTENTS = b"".join([random.Random(1).randbytes(64 * KIB), bytes(256 * KIB), b"x" * 64 * KIB, bytes(128 * KIB), b"t" * SECTOR_BYTES])


@pytest.fixture(params=["memory", "file"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[BlockSource, Callable[[], object]]]:
    """Open a disk, and say how to change it."""
    if request.param == "memory":
        fake = MemorySource(CONTENTS)
        yield fake, lambda: setattr(fake, "changed", True)
        return
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        for offset in range(0, len(CONTENTS), 4 * KIB):
            page = CONTENTS[offset : offset + 4 * KIB]
            if page.count(0) != len(page):
                file.seek(offset)
                file.write(page)
    with closing(open_raw_source(path, allow_live=False)) as source:
        yield source, lambda: path.write_bytes(CONTENTS[:-1] + b"!")


@pytest.fixture
def source(opened: tuple[BlockSource, Callable[[], object]]) -> BlockSource:
    return opened[0]


def read(source: BlockSource, offset: int, length: int) -> bytes:
    buffer = bytearray(b"\xee" * length)
    source.read_into(offset, memoryview(buffer))
    return bytes(buffer)


def test_a_disk_has_its_exact_size(source: BlockSource) -> None:
    assert source.size_bytes == len(CONTENTS)


def test_extents_cover_the_disk_in_order_and_alternate(source: BlockSource) -> None:
    for _ in range(2):
        extents, done = list(source.extents()), 0
        for extent in extents:
            assert extent.offset_bytes == done
            assert extent.offset_bytes % SECTOR_BYTES == extent.length_bytes % SECTOR_BYTES == 0
            done = extent.end_bytes
        assert done == len(CONTENTS)
        assert all(one.kind is not other.kind for one, other in itertools.pairwise(extents))
        assert ExtentKind.ZERO in {extent.kind for extent in extents}


def test_what_is_called_zero_reads_as_zeros(source: BlockSource) -> None:
    for extent in source.extents():
        if extent.kind is ExtentKind.ZERO:
            assert not any(read(source, extent.offset_bytes, extent.length_bytes))


def test_any_range_is_read_from_any_number_of_threads(source: BlockSource) -> None:
    found: dict[int, bytes] = {}
    threads = [
        threading.Thread(target=lambda at=offset: found.update({at: read(source, at, 100_000)}))
        for offset in range(0, len(CONTENTS), 50_000)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {at: data == CONTENTS[at : at + 100_000].ljust(100_000, b"\0") for at, data in found.items()} == dict.fromkeys(found, True)


@pytest.mark.parametrize("offset", [len(CONTENTS) - 100, len(CONTENTS)])
def test_past_the_end_are_zeros(source: BlockSource, offset: int) -> None:
    assert read(source, offset, 4 * KIB) == CONTENTS[offset:].ljust(4 * KIB, b"\0")


def test_a_disk_that_changed_is_refused_and_one_that_did_not_is_not(opened: tuple[BlockSource, Callable[[], object]]) -> None:
    source, change = opened
    source.check_unchanged()
    change()
    with pytest.raises(RefusedError) as caught:
        source.check_unchanged()
    assert caught.value.code is Code.DISK_CHANGED
