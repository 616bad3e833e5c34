"""What a restore writes to: one disk that nobody else sees or writes meanwhile.

How a restore uses it, in this order, each step leaving something a killed restore can go on from:

1. ``open_target(request, clock=…, wait=…)``: checks, allocates, locks. Nothing was written that anybody can see.
2. Check the claim: waiting for the lock may have taken days, and somebody else may have finished the work.
3. Look at ``state``. PUBLISHED: an earlier run did it all, close. FRESH: begin at 0. RESUMED: ``read_into`` what is below
   ``synced_bytes`` and prove it, since nobody had the lock meanwhile; go on there, or, when it is not what was written, close and
   open without ``resume``.
4. ``look_for_data()``: a FRESH device that is not empty is refused now, unless it may be overwritten. Record ``identity`` durably
   *before the first write* (with synced_bytes 0 when FRESH); a device that holds half a disk without its identity on record is a
   non-empty device, which only ``overwrite`` allows.
5. Write blocks and zero ranges, from any number of threads. Now and then, when everything below some offset was written:
   ``sync()``, and then record that offset. Everything above it is given up and written again after a kill.
6. ``publish()``: the disk is durable and has its final name. Commit the row. ``close()``: only now may others use the disk.

``abandon()`` instead of publish gives the work up. ``close()`` alone keeps it, for a later run to resume.
"""

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Protocol

from attrs import field, frozen
from attrs.validators import ge


class TargetState(Enum):
    """What open_target found."""

    #: Nothing of this disk is there; it reads as zeros (a file) or as anything (a device).
    FRESH = "fresh"
    #: The work of an earlier run is there up to Resume.synced_bytes; above that as FRESH.
    RESUMED = "resumed"
    #: The work is complete and has its final name; it cannot be written any more.
    PUBLISHED = "published"


@frozen(kw_only=True)
class Resume:
    """What an earlier run recorded: of the same operation, or of one before it for the same disk, which failed."""

    #: RestoreTarget.identity as it was then.
    identity: str
    #: Everything below was written and synced.
    synced_bytes: int = field(validator=ge(0))
    #: Recorded by this operation. Else a device on which nothing was synced counts as anybody's: there is nothing to prove.
    same_operation: bool = False


@frozen(kw_only=True)
class TargetRequest:
    """A disk to be written."""

    #: Final path, resolved by DiskPools.
    path: Path
    #: Exact size of the disk.
    size_bytes: int = field(validator=ge(1))
    #: Upper bound of the bytes that will hold data: what must be free before anything starts.
    data_bytes: int = field(validator=ge(0))
    #: Replace what is at the path. Without it a non-empty target is refused.
    overwrite: bool = False
    #: Go on with an earlier run, if what is there is what it recorded; else the target is opened afresh.
    resume: Resume | None = None


class RestoreTarget(Protocol):
    """A disk open for writing, exclusively locked. Writes may come from any number of threads; close waits for them."""

    @property
    def state(self) -> TargetState:
        """What was found when it was opened; PUBLISHED after publish."""
        ...

    @property
    def synced_bytes(self) -> int:
        """Where to go on writing: 0 when FRESH, the recorded offset when RESUMED, the size when PUBLISHED."""
        ...

    @property
    def identity(self) -> str:
        """Names what is being written, so that a later run can tell whether it is the same; record it before the first write."""
        ...

    def look_for_data(self, on_looked: Callable[[int], None]) -> None:
        """Refuse a FRESH device on which there is anything that the disk would replace, unless it may be overwritten.

        Reads all of it and tells *on_looked* how many bytes so far. In a file of ours there is nothing to look for. Raises
        RefusedError(TARGET_NOT_EMPTY).
        """
        ...

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        """Read back, as BlockReader does."""
        ...

    def write_at(self, offset_bytes: int, buffer: memoryview) -> None:
        """Write all of *buffer*. Raises OutOfSpaceError (stating what the rest needs), RefusedError(DISK_UNWRITABLE)."""
        ...

    def write_zeros(self, offset_bytes: int, length_bytes: int) -> None:
        """Make the range read as zeros; holes stay holes. Cheap for files: call it for every zero range."""
        ...

    def sync(self) -> None:
        """Make everything written so far durable. Once it has failed it fails for good: close and resume."""
        ...

    def publish(self) -> Path:
        """Make the disk durable and give it its final name, in one step that others see whole or not at all. Idempotent.

        No write may be under way. Raises RefusedError(TARGET_NOT_EMPTY) when something appeared at the path meanwhile.
        """
        ...

    def abandon(self) -> None:
        """Give the work up and close. A file's work is removed; a device keeps what was written on it."""
        ...

    def close(self) -> None:
        """Release the lock and the disk, keeping the work. Idempotent."""
        ...
