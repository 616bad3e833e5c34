"""Cutting disks into batches, against a list with one entry per sector."""

from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from farpoint.model.disk import SECTOR_BYTES, Extent, ExtentKind, Geometry
from farpoint.movers.batches import BATCH_BYTES, cut_batches, data_bytes
from farpoint.units import KIB, MIB


@frozen
class Disk:
    """A disk's extents, and the same said a sector at a time."""

    geometry: Geometry
    extents: list[Extent]
    data_sectors: bytearray

    def has_data(self, block: int) -> bool:
        sectors = self.geometry.block_bytes // SECTOR_BYTES
        return any(self.data_sectors[block * sectors : (block + 1) * sectors])


@st.composite
def disks(draw: st.DrawFn) -> Disk:
    block_bytes = draw(st.sampled_from([64 * KIB, 256 * KIB, 4 * MIB]))
    lengths = draw(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
    kind = draw(st.sampled_from(ExtentKind))
    extents, data = list[Extent](), bytearray()
    for sectors in lengths:
        extents.append(Extent(len(data) * SECTOR_BYTES, sectors * SECTOR_BYTES, kind))
        data += (b"\1" if kind is ExtentKind.DATA else b"\0") * sectors
        kind = ExtentKind.ZERO if kind is ExtentKind.DATA else ExtentKind.DATA
    return Disk(Geometry(size_bytes=len(data) * SECTOR_BYTES, block_bytes=block_bytes), extents, data)


@given(disks())
@settings(max_examples=150)
def test_batches_cover_the_disk_in_order_and_call_zeros_only_what_no_data_touches(disk: Disk) -> None:
    done = 0
    for batch in cut_batches(disk.extents, disk.geometry):
        assert batch.first == done
        assert batch.count > 0
        assert [disk.has_data(block) for block in range(done, done + batch.count)] == [not batch.zeros] * batch.count
        assert batch.zeros or batch.count * disk.geometry.block_bytes <= max(BATCH_BYTES, disk.geometry.block_bytes)
        done += batch.count
    assert done == disk.geometry.block_count


@given(disks())
@settings(max_examples=150)
def test_data_bytes_are_those_of_the_blocks_that_data_touches(disk: Disk) -> None:
    blocks = [block for block in range(disk.geometry.block_count) if disk.has_data(block)]
    assert data_bytes(disk.extents, disk.geometry) == sum(disk.geometry.length_of(block) for block in blocks)
