"""What the steps of every operation work with: the region's parts (Bench), and one claimed operation (Work)."""

import datetime as dt
import threading
from typing import Protocol

from attrs import evolve, frozen

from farpoint.clock import Clock
from farpoint.metadata import operations
from farpoint.metadata.database import Database
from farpoint.model.directory import DirectoryRecord
from farpoint.model.ids import OperationId, RegionId
from farpoint.model.operations import Claim, DiskProgress, Operation, Progress
from farpoint.movers.lanes import Lanes
from farpoint.movers.ports import PlanStore, SourceRegion
from farpoint.vault.vault import Vault
from farpoint.workflows.rate import RateMeter

#: Progress is written this often at most; the API shows it at most a second old.
PROGRESS_SECONDS = 0.5


class WithdrawnError(BaseException):
    """The region is stopping: leave the step as a kill would, for the next start to go on. Not an Exception: nobody handles it."""


class SourceRegions(Protocol):
    """Finds the source side of a copy."""

    def source(self, region: str) -> SourceRegion:
        """Return the peer of that name. Raises RefusedError(UNKNOWN_REGION)."""
        ...

    def signing_key(self, region: RegionId) -> bytes | None:
        """Return the key that checks that region's manifests, None when it was never met."""
        ...


class GroupWork(Protocol):
    """What deleting a resource group does outside this region's own rows; services.group_deletion does it."""

    def look(self, group: str, *, operation: OperationId, principal: str) -> None:
        """Refuse what clear() would be refused for in some region, before anything is deleted in any. Raises as clear() does."""
        ...

    def clear(self, group: str, *, operation: OperationId, principal: str) -> int:
        """Delete what can be deleted now, in every region; return how many resources are left. To be asked again until none is.

        Raises UnavailableError when a region that has some does not answer, RefusedError when one must not be deleted.
        """
        ...

    def tell(self, record: DirectoryRecord) -> None:
        """Tell the peers that answer about a directory record; the others pull it."""
        ...


@frozen(kw_only=True)
class Bench:
    """One region's parts, as its workflows need them."""

    region_name: str
    region: RegionId
    database: Database
    vault: Vault
    plans: PlanStore
    sources: SourceRegions
    groups: GroupWork
    clock: Clock
    #: Lanes for local work (capture, restore, verify), and one per stream of a copy.
    lanes: Lanes
    streams: Lanes
    #: How long a copy may take; None: any time.
    copy_deadline: dt.timedelta | None
    stopping: threading.Event


class Work:
    """One claimed operation: every write goes through its claim, and progress is kept here between writes."""

    def __init__(self, *, bench: Bench, operation: Operation, claim: Claim) -> None:
        """Go on from the progress the row shows."""
        self.bench = bench
        self.operation = operation
        self.claim = claim
        #: Percent never goes back, over replans and restarts.
        self.progress: Progress = evolve(operation.progress, percent_floor=operation.progress.percent, waiting="")
        self._written_at = float("-inf")
        self._rate = RateMeter(bench.clock)

    @property
    def percent(self) -> float:
        """Percent reached."""
        return self.progress.percent

    def enter(self, step: str) -> None:
        """Show that *step* begins."""
        self.report(self.progress.at_step(step), now=True)

    def report(self, progress: Progress, *, now: bool = False) -> None:
        """Take the newest progress and write it when it is due. Raises SupersededError, WithdrawnError."""
        self.progress = evolve(progress, percent_floor=max(progress.percent_floor, self.progress.percent))
        if self.bench.stopping.is_set():
            raise WithdrawnError
        if now or self.bench.clock.monotonic() - self._written_at >= PROGRESS_SECONDS:
            self.flush_progress()

    def flush_progress(self) -> None:
        """Write the progress as it is."""
        self._written_at = self.bench.clock.monotonic()
        rate = self._rate.rate(self.progress.bytes_done)
        self.progress = evolve(self.progress, bytes_per_second=rate, updated_at=self.bench.clock.now())
        with self.bench.database.write() as conn:
            operations.save_progress(conn, self.claim, self.progress)

    def set_disk(self, disk: DiskProgress) -> Progress:
        """Return the progress with one disk's line replaced; its bytes never go back."""
        lines = tuple(_newer(line, disk) if line.disk == disk.disk else line for line in self.progress.disks)
        return evolve(self.progress, disks=lines)

    def wait_for(self, what: str, seconds: float) -> None:
        """Show that the work waits for *what*, and wait, showing now and then that it still does; wakes up when the region stops."""
        self.report(evolve(self.progress, waiting=what), now=True)
        clock = self.bench.clock
        deadline = clock.monotonic() + seconds
        while (left := deadline - clock.monotonic()) > 0:
            clock.sleep(min(left, PROGRESS_SECONDS), wake=self.bench.stopping)
            self.report(self.progress)
        self.report(evolve(self.progress, waiting=""))

    def log_fields(self) -> dict[str, object]:
        """Return what a log line about this work should carry."""
        progress = self.progress
        what = {"operation": str(self.operation.id), "kind": self.operation.kind.value}
        return {**what, "bytes_done": progress.bytes_done, "bytes_total": progress.bytes_total, "wire_bytes": progress.wire_bytes}


def _newer(old: DiskProgress, new: DiskProgress) -> DiskProgress:
    return evolve(new, bytes_done=max(old.bytes_done, new.bytes_done)) if old.bytes_total == new.bytes_total else new
