"""Cost follows what changed, not the size of the disk: counted in nodes, objects and bytes, on disks of up to 6 TiB."""

import random
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.bucket.names import PACKS
from farpoint.disks.raw_source import open_raw_source
from farpoint.model.disk import BLOCK_BYTES_DEFAULT, DiskState, Extent, ExtentKind, Geometry
from farpoint.movers.capture import CapturedDisk, CaptureRequest, capture_disk
from farpoint.movers.lanes import InlineLanes
from farpoint.testing.small_vault import SmallVault
from farpoint.testing.vault_source import VaultSource
from farpoint.units import GIB, MIB, TIB

SIZES = pytest.mark.parametrize("size_bytes", [8 * GIB, 256 * GIB, 6 * TIB], ids=["8 GiB", "256 GiB", "6 TiB"])
DATA_BLOCKS = 16


def blocks_of(size_bytes: int, entropy_seed: int) -> dict[int, bytes]:
    """Spread some blocks of data evenly over a disk, the last of them at its end."""
    rng = random.Random(entropy_seed)
    count = size_bytes // BLOCK_BYTES_DEFAULT
    return {count * place // DATA_BLOCKS - 1: rng.randbytes(BLOCK_BYTES_DEFAULT) for place in range(1, DATA_BLOCKS + 1)}


def write(disk: Path, size_bytes: int, blocks: Mapping[int, bytes]) -> Path:
    """Make a disk that holds *blocks* and is a hole everywhere else."""
    with disk.open("wb") as file:
        file.truncate(size_bytes)
        for block, data in blocks.items():
            file.seek(block * BLOCK_BYTES_DEFAULT)
            file.write(data)
    return disk


def capture(vault: SmallVault, disk: Path, *, parent: DiskState | None = None, changes: Sequence[Extent] | None = None) -> CapturedDisk:
    with closing(open_raw_source(disk, allow_live=False)) as source:
        geometry = Geometry(size_bytes=source.size_bytes, block_bytes=BLOCK_BYTES_DEFAULT)
        request = CaptureRequest(source=source, geometry=geometry, parent=parent, scope=vault.scope, claim=vault.claim, changes=changes)
        captured = capture_disk(vault.vault, InlineLanes(), request, on_read=lambda _: None)
    vault.close(captured.state)
    return captured


def change(disk: Path) -> Extent:
    """Overwrite the disk's last block; return where it lies."""
    place = Extent(disk.stat().st_size - BLOCK_BYTES_DEFAULT, BLOCK_BYTES_DEFAULT, ExtentKind.DATA)
    with disk.open("r+b") as file:
        file.seek(place.offset_bytes)
        file.write(b"\x5a" * place.length_bytes)
    return place


def levels(state: DiskState) -> int:
    return state.geometry.top_level + 1


@SIZES
def test_an_unchanged_tracked_disk_is_captured_without_a_read_and_published_with_one_object(
    east: SmallVault, tmp_path: Path, size_bytes: int, entropy_seed: int
) -> None:
    disk = write(tmp_path / "disk.raw", size_bytes, blocks_of(size_bytes, entropy_seed))
    first = capture(east, disk)
    point = east.publish({"os": first.state})
    east.reopen()
    calls, names = dict(east.memory.calls), set(east.memory.objects)
    second = capture(east, disk, parent=first.state, changes=())
    assert (second.state, second.read_bytes, east.memory.calls) == (first.state, 0, calls)
    east.publish({"os": second.state}, parent=point)
    written = {name: len(data) for name, data in east.memory.objects.items() if name not in names}
    assert not any(name.startswith(PACKS) for name in written)
    assert len(written) == 1
    assert sum(written.values()) <= MIB


@SIZES
def test_a_tracked_change_reads_and_stores_in_proportion_to_the_depth(
    east: SmallVault, tmp_path: Path, size_bytes: int, entropy_seed: int
) -> None:
    disk = write(tmp_path / "disk.raw", size_bytes, blocks_of(size_bytes, entropy_seed))
    first = capture(east, disk)
    east.reopen()
    place = change(disk)
    before, reads = packs_bytes(east), east.memory.calls.get("read_into", 0)
    captured = capture(east, disk, parent=first.state, changes=(place,))
    assert captured.read_bytes == BLOCK_BYTES_DEFAULT
    # A node is a range of a pack whose header is another; closing reads back what was stored.
    assert east.memory.calls["read_into"] - reads <= 4 * levels(captured.state)
    assert packs_bytes(east) - before <= levels(captured.state) * 4096


def test_planning_a_copy_of_an_unchanged_disk_compares_its_root_and_asks_for_nothing(
    east: SmallVault, west: SmallVault, tmp_path: Path, entropy_seed: int
) -> None:
    state = capture(east, write(tmp_path / "disk.raw", 6 * TIB, blocks_of(6 * TIB, entropy_seed))).state
    source = source_of(east, state)
    west.fetch(source, "os", state)
    west.close(state)
    west.reopen()
    calls, sent = dict(west.memory.calls), source.nodes_sent
    compared = west.plan(source, "os", state)
    assert compared == 1
    assert compared <= levels(state)
    assert (source.nodes_sent, west.memory.calls) == (sent, calls)


def test_planning_a_copy_of_a_changed_block_asks_for_one_node_a_level(
    east: SmallVault, west: SmallVault, tmp_path: Path, entropy_seed: int
) -> None:
    disk = write(tmp_path / "disk.raw", 6 * TIB, blocks_of(6 * TIB, entropy_seed))
    first = capture(east, disk).state
    west.fetch(source_of(east, first), "os", first)
    west.close(first)
    second = capture(east, disk, parent=first, changes=(change(disk),)).state
    source = source_of(east, second)
    # Beside the nodes on the way to the block only their siblings are looked up, and found closed.
    assert west.plan(source, "os", second) <= levels(second) + DATA_BLOCKS
    assert source.nodes_sent == levels(second)
    planned, _ = west.plans.totals(west.claim.operation)["os"]
    assert planned == DATA_BLOCKS + 1


def source_of(vault: SmallVault, state: DiskState) -> VaultSource:
    return VaultSource(vault.vault.reader(vault.scope), {"os": state})


def packs_bytes(vault: SmallVault) -> int:
    return sum(len(data) for name, data in vault.memory.objects.items() if name.startswith(PACKS))
