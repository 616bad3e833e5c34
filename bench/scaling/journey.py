"""A disk's way through two vaults, step by step, each with its cost.

Movers, maps, packs and buckets (folders, fsync included) are those of a region. The index is in memory and everything runs in one
thread: the counts are a region's own, the seconds are not.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from attrs import define
from bench.scaling.cost import Cost, CountedBucket, Counts
from bench.scaling.sparse_disk import make_sparse_disk

from farpoint.bucket.directory import DirectoryBucket
from farpoint.clock import SystemClock
from farpoint.disks.open_target import open_target
from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.target import TargetRequest
from farpoint.model.disk import BLOCK_BYTES_DEFAULT, DiskState, Extent, Geometry
from farpoint.model.manifest import Manifest
from farpoint.movers.capture import CaptureRequest, capture_disk
from farpoint.movers.lanes import InlineLanes
from farpoint.movers.restore import Reports, RestoreParts, restore_disk
from farpoint.testing.small_vault import SmallVault
from farpoint.testing.vault_source import VaultSource
from farpoint.units import MIB

_DISK = "disk"


@define
class _Tally:
    """What a step counts itself, and what it cost in the end."""

    nodes: int | None = None
    disk_bytes: int = 0
    cost: Cost | None = None


class Journey:
    """Points of one disk, here and there."""

    def __init__(self, folder: Path, size_bytes: int) -> None:
        """Make the disk and two empty vaults in *folder*."""
        self.disk = folder / "disk.raw"
        self._restored = folder / "restored.raw"
        self._buckets = [CountedBucket(DirectoryBucket(folder / name)) for name in ("east", "west")]
        self._east = SmallVault("east", seed=1, bucket=self._buckets[0])
        self._west = SmallVault("west", seed=2, bucket=self._buckets[1])
        self._newest: Manifest | None = None
        make_sparse_disk(self.disk, size_bytes)

    def capture(self, changes: Sequence[Extent] | None) -> Cost:
        """Capture, close and publish a point; *changes* is what a tracker says, None without one."""
        with self._costed() as tally, closing(open_raw_source(self.disk, allow_live=False)) as source:
            geometry = Geometry(size_bytes=source.size_bytes, block_bytes=BLOCK_BYTES_DEFAULT)
            parent = None if self._newest is None else self._newest.disks[0].state
            request = CaptureRequest(
                source=source, geometry=geometry, parent=parent, scope=self._east.scope, claim=self._east.claim, changes=changes
            )
            captured = capture_disk(self._east.vault, InlineLanes(), request, on_read=lambda _: None)
            tally.disk_bytes = captured.read_bytes
            closure = self._east.vault.close(self._east.scope, captured.state, self._east.claim)
            tally.nodes = closure.nodes_entered
            self._newest = self._east.publish({_DISK: captured.state}, parent=self._newest)
        return _cost_of(tally)

    def plan(self) -> Cost:
        """Plan a copy of the newest point."""
        with self._costed() as tally:
            tally.nodes = self._west.plan(self._source(), _DISK, self._state)
        return _cost_of(tally)

    def copy(self) -> Cost:
        """Copy the newest point."""
        assert self._newest is not None
        with self._costed() as tally:
            self._west.copy(self._east, self._newest)
        return _cost_of(tally)

    def restore(self) -> Cost:
        """Restore the newest point there."""
        state = self._state
        self._restored.unlink(missing_ok=True)
        with self._costed() as tally:
            request = TargetRequest(path=self._restored, size_bytes=state.size_bytes, data_bytes=16 * MIB, overwrite=False, resume=None)
            with closing(open_target(request, clock=SystemClock(), wait=None)) as target:
                parts = RestoreParts(
                    vault=self._west.vault, lanes=InlineLanes(), scope=self._west.scope, disk=_DISK, state=state, target=target
                )

                def count(written: int) -> None:
                    tally.disk_bytes = written

                restore_disk(parts, Reports(on_written=count, on_checkpoint=lambda _: None))
                target.publish()
        return _cost_of(tally)

    @property
    def _state(self) -> DiskState:
        assert self._newest is not None
        return self._newest.disks[0].state

    def _source(self) -> VaultSource:
        return VaultSource(self._east.vault.reader(self._east.scope), {_DISK: self._state})

    @contextmanager
    def _costed(self) -> Iterator[_Tally]:
        """Measure the body; both vaults are opened anew before it, so that nothing is cached."""
        for vault in (self._east, self._west):
            vault.reopen().keyring.current(vault.scope)
        # Both buckets count into one.
        counts = Counts()
        for bucket in self._buckets:
            bucket.counts = counts
        tally, start = _Tally(), time.perf_counter()
        yield tally
        tally.cost = Cost(
            seconds=time.perf_counter() - start,
            bucket_reads=counts.reads,
            bucket_read_bytes=counts.read_bytes,
            objects_written=counts.puts,
            written_bytes=counts.put_bytes,
            nodes=tally.nodes,
            disk_bytes=tally.disk_bytes,
        )


def _cost_of(tally: _Tally) -> Cost:
    assert tally.cost is not None
    return tally.cost
