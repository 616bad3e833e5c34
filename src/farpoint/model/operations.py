"""Operations: durable pieces of work, their progress and how they fail."""

import datetime as dt
from enum import StrEnum

from attrs import Factory, evolve, field, frozen
from attrs.validators import ge

from farpoint.errors import NOWHERE, Cause, Code, FarpointError, Place
from farpoint.model.documents import JsonObject
from farpoint.model.ids import OperationId


class OperationKind(StrEnum):
    """Which recipe an operation follows (farpoint.workflows)."""

    CREATE_POINT = "createPoint"
    COPY_POINT = "copyPoint"
    RESTORE_DISK = "restoreDisk"
    COPY_DISK = "copyDisk"
    DELETE_POINT = "deletePoint"
    DELETE_COLLECTION = "deleteCollection"
    CREATE_SNAPSHOT = "createSnapshot"
    COPY_SNAPSHOT = "copySnapshot"
    DELETE_SNAPSHOT = "deleteSnapshot"
    VERIFY_POINT = "verifyPoint"
    VERIFY_DISK = "verifyDisk"
    DELETE_GROUP = "deleteGroup"
    #: These two are done when they are answered: their rows are born ended, and nobody follows them.
    BEGIN_ACCESS = "beginGetAccess"
    END_ACCESS = "endGetAccess"

    @property
    def is_copy_from_region(self) -> bool:
        """True for what pulls from another region."""
        return self in {OperationKind.COPY_POINT, OperationKind.COPY_SNAPSHOT}


class OperationState(StrEnum):
    """Where an operation is. LIVE ones are run; the others are ends."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"

    @property
    def is_end(self) -> bool:
        """True for the states an operation never leaves."""
        return self is not OperationState.RUNNING


@frozen(kw_only=True)
class Claim:
    """The right to write for an operation: only the newest incarnation has it."""

    operation: OperationId
    incarnation: int = field(validator=ge(1))


@frozen(kw_only=True)
class Failure:
    """Why an operation or one disk of it failed, kept for ever and shown in full."""

    code: str
    message: str
    hint: str = ""
    place: Place = NOWHERE
    #: What kind of cause it had: farpoint.errors.Cause.
    cause: Cause = Cause.FAULT
    #: Percent reached when it failed, 0 to 100.
    percent: float = 0.0
    #: How often the work was begun: once, and once more after each restart of the region.
    attempts: int = 1
    #: Of a copy: the planned bytes that are durable here, and not sent again when it is asked for anew. None where nothing is sent.
    bytes_safe: int | None = None

    @classmethod
    def of(cls, error: FarpointError) -> "Failure":
        """Keep what *error* says."""
        return cls(code=error.code.value, message=error.message, hint=error.hint, place=error.place, cause=error.cause)

    @classmethod
    def unexpected(cls, error: BaseException) -> "Failure":
        """Describe a bug of ours without leaking values: the class name only."""
        text = f"an unexpected {type(error).__name__} ended the operation; the region's log has the details"
        return cls(code=Code.INTERNAL.value, message=text)


@frozen(kw_only=True)
class DiskProgress:
    """How far one disk is: bytes are exact and never go back."""

    disk: str
    bytes_total: int = field(default=0, validator=ge(0))
    bytes_done: int = field(default=0, validator=ge(0))

    @property
    def percent(self) -> float:
        """0 to 100; a disk with nothing to move is complete."""
        return 100.0 if self.bytes_total == 0 else min(100.0, 100.0 * self.bytes_done / self.bytes_total)


@frozen(kw_only=True)
class Progress:
    """A snapshot of a running operation, at most a second old in the database."""

    #: Step of the recipe being done.
    step: str = ""
    #: What the step waits for ("peer eastus does not answer…"), empty when it works.
    waiting: str = ""
    #: True once the disks' totals are exact (a copy has planned).
    planned: bool = False
    disks: tuple[DiskProgress, ...] = ()
    bytes_per_second: float = 0.0
    #: Bytes that crossed the network, framing excluded.
    wire_bytes: int = 0
    #: Bytes newly stored here (sealed).
    stored_bytes: int = 0
    #: Bytes read from disks.
    read_bytes: int = 0
    #: What was found on the way and is no failure, in sentences.
    notes: tuple[str, ...] = ()
    updated_at: dt.datetime | None = None
    #: Highest percent ever shown; percent never goes back, whatever a replan finds.
    percent_floor: float = 0.0

    @property
    def bytes_total(self) -> int:
        """Sum over the disks."""
        return sum(disk.bytes_total for disk in self.disks)

    @property
    def bytes_done(self) -> int:
        """Sum over the disks."""
        return sum(disk.bytes_done for disk in self.disks)

    @property
    def percent(self) -> float:
        """Overall percent, 0 until the totals are known."""
        if not self.planned:
            return self.percent_floor
        total = self.bytes_total
        now = 100.0 if total == 0 else min(100.0, 100.0 * self.bytes_done / total)
        return max(self.percent_floor, now)

    @property
    def eta_seconds(self) -> float | None:
        """Seconds left at the current rate, None when unknown."""
        left = self.bytes_total - self.bytes_done
        return left / self.bytes_per_second if self.planned and self.bytes_per_second > 0 else None

    def at_step(self, step: str) -> "Progress":
        """Return the progress as it enters *step*."""
        return evolve(self, step=step, waiting="")


@frozen(kw_only=True)
class Operation:
    """The row that is the truth about one operation."""

    id: OperationId
    kind: OperationKind
    #: ARM id of the resource it works on.
    resource_id: str
    #: GUID of that resource's row (point, disk or collection).
    subject: str
    state: OperationState
    #: True once ARM may call it Succeeded: for a copy when it has started, else only at its end.
    answered: bool
    incarnation: int
    #: Client id on whose behalf it runs.
    principal: str
    #: What the recipe needs to know, JSON; never secrets.
    request: JsonObject
    created_at: dt.datetime
    ended_at: dt.datetime | None = None
    progress: Progress = Factory(Progress)
    failure: Failure | None = None
