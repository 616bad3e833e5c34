"""Reading raw files: extents, bytes, and whether they stood still."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.source import BlockSource
from farpoint.errors import Code, IntegrityError, RefusedError
from farpoint.model.disk import Extent, ExtentKind
from farpoint.model.manifest import ChangeDetection

KIB = 1 << 10
MIB = 1 << 20
DATA, ZERO = ExtentKind.DATA, ExtentKind.ZERO


@contextmanager
def opened(path: Path, *, allow_live: bool = False, size_bytes: int | None = None) -> Iterator[BlockSource]:
    with closing(open_raw_source(path, allow_live=allow_live, size_bytes=size_bytes)) as source:
        yield source


def make(path: Path, size: int, writes: dict[int, bytes]) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
        for offset, data in writes.items():
            file.seek(offset)
            file.write(data)
    return path


def open_numbers() -> list[str]:
    return sorted(link.name for link in Path("/proc/self/fd").iterdir())


def refusal_of_check(source: BlockSource) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        source.check_unchanged()
    assert caught.value.code is Code.DISK_CHANGED
    return caught.value


def test_extents_tell_data_from_holes(tmp_path: Path) -> None:
    path = make(tmp_path / "d", 10 * MIB, {MIB: b"x" * MIB, 4 * MIB: b"y" * (64 * KIB)})
    with opened(path) as source:
        assert list(source.extents()) == [
            Extent(0, MIB, ZERO),
            Extent(MIB, MIB, DATA),
            Extent(2 * MIB, 2 * MIB, ZERO),
            Extent(4 * MIB, 64 * KIB, DATA),
            Extent(4 * MIB + 64 * KIB, 6 * MIB - 64 * KIB, ZERO),
        ]


def test_a_disk_of_one_hole_is_one_zero_extent(tmp_path: Path) -> None:
    with opened(make(tmp_path / "d", MIB, {})) as source:
        assert list(source.extents()) == [Extent(0, MIB, ZERO)]


def test_data_up_to_an_end_inside_a_file_system_block_is_cut_at_the_disk_s_end(tmp_path: Path) -> None:
    with opened(make(tmp_path / "d", 5 * 512, {4 * 512: b"z" * 512})) as source:
        assert list(source.extents()) == [Extent(0, 5 * 512, DATA)]


@given(st.lists(st.tuples(st.integers(0, 63), st.integers(1, 8)), max_size=12))
def test_extents_cover_the_disk_in_order_and_every_byte_in_a_zero_extent_is_zero(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, int]]
) -> None:
    size = 64 * 4 * KIB - 512
    written = {block + step for block, count in writes for step in range(count) if block + step < 63}
    path = make(tmp_path_factory.mktemp("p") / "d", size, {block * 4 * KIB: b"\x5a" * (4 * KIB) for block in written})
    data = path.read_bytes()
    with opened(path) as source:
        extents = list(source.extents())
    assert [extent.offset_bytes for extent in extents] == [0, *(extent.end_bytes for extent in extents[:-1])]
    assert extents[-1].end_bytes == size
    assert all(one.kind is not other.kind for one, other in pairwise(extents))
    assert not any(any(data[extent.offset_bytes : extent.end_bytes]) for extent in extents if extent.kind is ZERO)


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([(100, 300)], [Extent(0, 512, DATA), Extent(512, 7 * 512, ZERO)]),
        ([(0, 100), (400, 1000)], [Extent(0, 1024, DATA), Extent(1024, 6 * 512, ZERO)]),
        ([(513, 600), (1024, 1025)], [Extent(0, 512, ZERO), Extent(512, 1024, DATA), Extent(1536, 5 * 512, ZERO)]),
        ([(4000, 4096)], [Extent(0, 7 * 512, ZERO), Extent(7 * 512, 512, DATA)]),
    ],
)
def test_ranges_finer_than_sectors_are_widened_and_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ranges: list[tuple[int, int]], expected: list[Extent]
) -> None:
    path = make(tmp_path / "d", 4096, {})
    with opened(path) as source:
        monkeypatch.setattr(source, "_seek_ranges", lambda: iter(ranges))
        assert list(source.extents()) == expected


def test_a_file_system_that_cannot_tell_holes_makes_all_of_it_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(make(tmp_path / "d", MIB, {})) as source:

        def refuse(_descriptor: int, _offset: int, _how: int) -> int:
            raise OSError(22, "Invalid argument")

        monkeypatch.setattr(os, "lseek", refuse)
        assert list(source.extents()) == [Extent(0, MIB, DATA)]


def test_reading_fills_the_caller_s_buffer_with_the_disk_s_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    buffer = bytearray(300 * KIB)
    with opened(make(tmp_path / "d", MIB, {0: content})) as source:
        source.read_into(12345, memoryview(buffer))
    assert bytes(buffer) == content[12345 : 12345 + 300 * KIB]


def test_reading_past_the_end_of_the_disk_gives_zeros(tmp_path: Path) -> None:
    buffer = bytearray(b"\xff" * 4096)
    with opened(make(tmp_path / "d", 1536, {0: b"a" * 1536})) as source:
        source.read_into(1024, memoryview(buffer))
        assert bytes(buffer) == b"a" * 512 + bytes(3584)
        source.read_into(4096, memoryview(buffer))
        assert not any(buffer)


def test_many_threads_read_at_once(tmp_path: Path) -> None:
    content = b"".join(bytes([number]) * (64 * KIB) for number in range(64))
    wrong: list[int] = []

    def read(source: BlockSource, number: int) -> None:
        buffer = bytearray(64 * KIB)
        for block in range(number, 64, 8):
            source.read_into(block * 64 * KIB, memoryview(buffer))
            if bytes(buffer) != bytes([block]) * (64 * KIB):
                wrong.append(block)

    with opened(make(tmp_path / "d", len(content), {0: content})) as source:
        threads = [threading.Thread(target=read, args=(source, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_disk_that_stood_still_is_unchanged(tmp_path: Path) -> None:
    path = make(tmp_path / "d", MIB, {0: b"x"})
    with opened(path) as source:
        assert source.change_detection is ChangeDetection.FILE_TIMES
        source.read_into(0, memoryview(bytearray(4096)))
        source.check_unchanged()


def test_a_write_while_it_is_read_is_a_change(tmp_path: Path) -> None:
    path = make(tmp_path / "d", MIB, {0: b"x"})
    os.utime(path, (1, 1))
    with opened(path) as source, path.open("r+b") as file:
        file.write(b"y")
        file.flush()
        assert "changed while it was read" in refusal_of_check(source).message


def test_a_write_that_hides_its_modification_time_is_a_change(tmp_path: Path) -> None:
    path = make(tmp_path / "d", MIB, {0: b"x"})
    with opened(path) as source:
        before = path.stat()
        path.write_bytes(bytes(MIB))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        refusal_of_check(source)


def test_a_disk_that_was_replaced_or_removed_is_a_change(tmp_path: Path) -> None:
    path = make(tmp_path / "d", MIB, {0: b"x"})
    with opened(path) as source:
        make(tmp_path / "other", MIB, {0: b"x"}).rename(path)
        refusal_of_check(source)
    with opened(path) as source:
        path.unlink()
        refusal_of_check(source)


def test_a_disk_that_shrinks_is_a_change_and_never_reads_as_zeros(tmp_path: Path) -> None:
    path = make(tmp_path / "d", MIB, {0: b"x" * MIB})
    with opened(path) as source:
        os.truncate(path, 512 * KIB)
        with pytest.raises(RefusedError) as caught:
            source.read_into(600 * KIB, memoryview(bytearray(4096)))
        assert caught.value.code is Code.DISK_CHANGED
        assert caught.value.place.offset_bytes == 600 * KIB
        refusal_of_check(source)


def test_a_live_capture_looks_for_no_change(tmp_path: Path) -> None:
    path = make(tmp_path / "d", MIB, {0: b"x"})
    with opened(path, allow_live=True) as source:
        path.write_bytes(b"y" * MIB)
        assert source.change_detection is ChangeDetection.NOT_ASKED
        source.check_unchanged()


@pytest.mark.parametrize("wanted", [4096, 2 * MIB])
def test_a_restored_file_that_has_another_size_by_now_is_not_that_disk(tmp_path: Path, wanted: int) -> None:
    path = make(tmp_path / "d", MIB, {})
    with pytest.raises(IntegrityError, match=f"has {MIB} bytes"):
        open_raw_source(path, allow_live=False, size_bytes=wanted)


def test_a_path_that_has_become_a_link_is_another_disk(tmp_path: Path) -> None:
    outside = make(tmp_path / "outside", MIB, {0: b"secret"})
    path = make(tmp_path / "d", MIB, {})
    path.unlink()
    path.symlink_to(outside)
    with pytest.raises(RefusedError, match=f"leads to {outside}") as caught:
        open_raw_source(path, allow_live=False)
    assert caught.value.code is Code.DISK_OUTSIDE_POOLS


def test_a_closed_source_reads_nothing_and_closes_again(tmp_path: Path) -> None:
    source = open_raw_source(make(tmp_path / "d", MIB, {}), allow_live=False)
    source.close()
    source.close()
    with pytest.raises(ValueError, match="closed"):
        source.read_into(0, memoryview(bytearray(512)))


def test_readers_do_not_exclude_one_another(tmp_path: Path) -> None:
    path = make(tmp_path / "d", MIB, {})
    with opened(path), opened(path), opened(path, allow_live=True) as source:
        source.check_unchanged()


def test_descriptors_are_not_inherited_by_programs(tmp_path: Path) -> None:
    path = make(tmp_path / "d", MIB, {})
    with opened(path):
        numbers = [int(link.name) for link in Path("/proc/self/fd").iterdir() if link.exists() and link.samefile(path)]
        assert [os.get_inheritable(number) for number in numbers] == [False]


def test_a_refused_disk_leaves_no_descriptor_open(tmp_path: Path) -> None:
    before = open_numbers()
    with pytest.raises(RefusedError):
        open_raw_source(make(tmp_path / "d", 100, {}), allow_live=False)
    assert open_numbers() == before
