"""Real sparse files in, a vault, files out: what is restored is what was captured, in one thread and in several."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from farpoint.clock import SystemClock
from farpoint.disks.open_target import open_target
from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.source import BlockSource
from farpoint.disks.target import TargetRequest
from farpoint.model.disk import SECTOR_BYTES, DiskState, Geometry
from farpoint.movers.batches import data_bytes
from farpoint.movers.capture import CapturedDisk, CaptureRequest, capture_disk
from farpoint.movers.disk_digest import compute_state
from farpoint.movers.lanes import InlineLanes, Lanes, ThreadLanes
from farpoint.movers.restore import Reports, RestoreParts, count_data_bytes, restore_disk
from farpoint.testing.memory_disks import MemoryTarget, first_difference
from farpoint.testing.small_vault import SmallVault
from farpoint.units import KIB

LANES: list[Lanes] = [InlineLanes(), ThreadLanes(3)]


@frozen
class Write:
    """Bytes at a place: zeros, text or noise."""

    sector: int
    data: bytes


@frozen
class SparseDisk:
    """A sparse file to be."""

    sectors: int
    block_bytes: int
    writes: list[Write]

    @property
    def geometry(self) -> Geometry:
        return Geometry(size_bytes=self.sectors * SECTOR_BYTES, block_bytes=self.block_bytes)

    def make(self, path: Path) -> bytes:
        with path.open("wb") as file:
            file.truncate(self.geometry.size_bytes)
            for write in self.writes:
                file.seek(write.sector * SECTOR_BYTES)
                file.write(write.data[: self.geometry.size_bytes - write.sector * SECTOR_BYTES])
        return path.read_bytes()


@st.composite
def sparse_disks(draw: st.DrawFn) -> SparseDisk:
    sectors = draw(st.integers(1, 3000))
    noise = draw(st.randoms(use_true_random=False))
    makers = {"zeros": bytes, "text": lambda length: b"text" * (length // 4), "noise": noise.randbytes}
    writes = [
        Write(draw(st.integers(0, sectors - 1)), makers[draw(st.sampled_from(sorted(makers)))](draw(st.integers(1, 200 * KIB))))
        for _ in range(draw(st.integers(0, 6)))
    ]
    return SparseDisk(sectors, draw(st.sampled_from([64 * KIB, 128 * KIB])), writes)


@contextmanager
def made(disk: SparseDisk) -> Iterator[tuple[Path, bytes, BlockSource]]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")) as folder:
        path = Path(folder) / "disk.raw"
        contents = disk.make(path)
        with closing(open_raw_source(path, allow_live=False)) as source:
            yield Path(folder), contents, source


def captured(
    vault: SmallVault, lanes: Lanes, source: BlockSource, geometry: Geometry, parent: DiskState | None = None
) -> tuple[CapturedDisk, list[int]]:
    told = list[int]()
    request = CaptureRequest(source=source, geometry=geometry, parent=parent, scope=vault.scope, claim=vault.claim)
    return capture_disk(vault.vault, lanes, request, told.append), told


def restored(vault: SmallVault, lanes: Lanes, state: DiskState, path: Path) -> Path:
    count = sum(count_data_bytes(vault.vault.reader(vault.scope), state))
    request = TargetRequest(path=path, size_bytes=state.size_bytes, data_bytes=count)
    with closing(open_target(request, clock=SystemClock(), wait=None)) as target:
        parts = RestoreParts(vault=vault.vault, lanes=lanes, scope=vault.scope, disk="disk", state=state, target=target)
        restore_disk(parts, Reports(on_written=lambda _: None, on_checkpoint=lambda _: None))
        return target.publish()


@given(sparse_disks())
@settings(max_examples=25)
def test_what_is_captured_is_restored_and_lanes_make_no_difference(disk: SparseDisk) -> None:
    with made(disk) as (folder, contents, source):
        states = set[str]()
        for number, lanes in enumerate(LANES):
            vault = SmallVault("eastus", seed=number)
            capture, told = captured(vault, lanes, source, disk.geometry)
            states.add(capture.state.digest)
            assert capture.read_bytes == data_bytes(source.extents(), disk.geometry) == max(told, default=0)
            assert told == sorted(told)
            vault.close(capture.state)
            vault.reopen().check_bucket()
            path = restored(vault, lanes, capture.state, folder / f"restored-{number}.raw")
            assert first_difference(path.read_bytes(), contents) is None
        assert len(states) == 1


@given(sparse_disks())
@settings(max_examples=25)
def test_the_digest_of_a_disk_is_the_state_its_capture_has(disk: SparseDisk) -> None:
    with made(disk) as (_, _, source):
        expected = captured(SmallVault("eastus", seed=1), InlineLanes(), source, disk.geometry)[0].state
        for lanes in LANES:
            told = list[int]()
            assert compute_state(source, disk.geometry, lanes, told.append) == expected
            assert max(told, default=0) == data_bytes(source.extents(), disk.geometry)


@given(sparse_disks(), sparse_disks(), st.sampled_from(LANES))
@settings(max_examples=25)
def test_an_increment_over_any_parent_is_the_same_as_a_full_capture(before: SparseDisk, after: SparseDisk, lanes: Lanes) -> None:
    vault = SmallVault("eastus", seed=1)
    after = evolve(after, block_bytes=before.block_bytes)
    with made(before) as (_, _, source):
        parent, _ = captured(vault, lanes, source, before.geometry)
    with made(after) as (folder, contents, source):
        full = captured(SmallVault("westus", seed=2), lanes, source, after.geometry)[0].state
        increment = captured(vault, lanes, source, after.geometry, parent.state)[0].state
        assert increment == full
        vault.close(increment)
        path = restored(vault, lanes, increment, folder / "restored.raw")
        assert first_difference(path.read_bytes(), contents) is None


@pytest.mark.parametrize("lanes", LANES, ids=["inline", "threads"])
def test_a_restore_goes_on_from_what_is_synced(lanes: Lanes) -> None:
    vault = SmallVault("eastus", seed=1)
    contents = bytes(3 * 64 * KIB) + b"data" * (64 * KIB) + bytes(64 * KIB) + b"tail" * 128
    state = vault.capture(contents).state
    for synced in range(0, len(contents), 64 * KIB):
        target = MemoryTarget(len(contents), synced=contents[:synced])
        parts = RestoreParts(vault=vault.vault, lanes=lanes, scope=vault.scope, disk="disk", state=state, target=target)
        restore_disk(parts, Reports(on_written=lambda _: None, on_checkpoint=lambda _: None))
        assert first_difference(bytes(target.data), contents) is None
        assert min((offset for offset, _ in target.writes), default=synced) >= synced
