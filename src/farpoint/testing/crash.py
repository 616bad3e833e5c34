"""The generic crash test: one run of a journey, disturbed somewhere, restarted from what is durable, followed to its end and checked.

What is checked every time: the invariants after each death and at the end; nothing half done is visible before the end; percent
never goes back; what had arrived is not sent again, and of the rest at most one window.
"""

from collections.abc import Mapping, Sequence

from farpoint.errors import SupersededError
from farpoint.metadata.operations import claim_operation
from farpoint.model.ids import OperationId
from farpoint.model.operations import OperationState
from farpoint.operations.steps import InlineSteps, Steps
from farpoint.testing.direct_source import DirectSource
from farpoint.testing.effects import KilledError
from farpoint.testing.fingerprint import Fingerprint, fingerprint
from farpoint.testing.invariants import check_region, ended_copies_hold_nothing, ended_operations_left_nothing, stored_chunks
from farpoint.testing.journey import Journey
from farpoint.testing.point_contents import all_points
from farpoint.testing.regions import SmallRegion
from farpoint.testing.remembered_steps import StepMemory
from farpoint.workflows.recipe import Recipe

#: A run that dies again and again without coming nearer its end is a bug.
_RUNS_MAX = 20


class Trial:
    """One journey, from its rewind on."""

    def __init__(self, journey: Journey, *, remember: bool, window_bytes: int) -> None:
        """Rewind. With *remember* the steps that are done are remembered over deaths, as DBOS does; else all are forgotten."""
        journey.region.effects.observers = []
        journey.rewind()
        self.journey = journey
        self.region = journey.region
        self.operation = journey.operation
        self._window_bytes = window_bytes
        self._memory = StepMemory(self.region.effects) if remember else None
        self._percent = PercentWatch(self.region, self.operation)
        self.region.effects.observers = [self._percent]
        self._wire = WireWatch(journey)
        #: Effects of the run that came to the end.
        self.names: list[str] = []
        #: True when nobody can be told that a copy has ended.
        self.source_is_gone = False

    def steps(self) -> Steps:
        """Return the steps of a new run."""
        return InlineSteps() if self._memory is None else self._memory.steps()

    def run(self, recipe: Recipe | None = None) -> bool:
        """Follow the operation; tell whether the run outlived it."""
        try:
            self.region.run(self.operation, self.steps(), recipe=recipe)
        except KilledError:
            return False
        return True

    def recover(self) -> None:
        """Start the dead region from what is durable, and check what is there."""
        self._wire.note_end_of_run(self._window_bytes)
        self.region.restart()
        check_region(self.region)
        if self.state is OperationState.RUNNING:
            self._check_unfinished()
            if self.region.operation(self.operation).kind.is_copy_from_region:
                self._wire.check_reported(self.region.operation(self.operation).progress.bytes_done)

    def finish(self) -> None:
        """Follow to the end, through however many deaths are arranged still, and check that it is a good one."""
        for _ in range(_RUNS_MAX):
            if self.run():
                break
            self.recover()
        self.names = list(self.region.effects.names)
        self._wire.check_nothing_durable_was_sent_again()
        failure = self.region.operation(self.operation).failure
        assert self.state is OperationState.SUCCEEDED, f"it ended {self.state}: {failure}"
        check_region(self.region)
        ended_operations_left_nothing(self.region)
        if not self.source_is_gone:
            ended_copies_hold_nothing(self.region)
        self.journey.check_success()

    def finish_after_failure(self) -> None:
        """Check that the operation failed in full view and left nothing half done; then do what a user does, and see that it works."""
        assert self.state is OperationState.FAILED
        check_region(self.region)
        ended_operations_left_nothing(self.region)
        if not self.source_is_gone:
            ended_copies_hold_nothing(self.region)
        self.journey.check_hidden()
        self._wire.note_end_of_run(self._window_bytes)
        # Whatever made it fail is over.
        self.region.effects.reset()
        self.finish_new(self.journey.ask_again())

    def finish_new(self, operation: OperationId) -> None:
        """Follow another operation, which a user asked for in place of this one, to a good end."""
        self.operation = operation
        self._percent.follow(operation)
        self._memory = None
        self.finish()

    def tolerate_resending(self) -> None:
        """Let up to a window be sent again within one run: an answer was lost on the way, or two workers were at it."""
        self._wire.tolerated_bytes = self._window_bytes

    def take_over(self) -> None:
        """Claim the operation as another worker does: from here on the run under way may change nothing."""
        with self.region.database.write() as conn:
            claim_operation(conn, self.operation)

    def run_superseded(self, recipe: Recipe | None = None) -> None:
        """Follow the operation; it must stop without a trace."""
        try:
            self.region.run(self.operation, self.steps(), recipe=recipe)
        except SupersededError:
            self._wire.note_end_of_run(self._window_bytes)
            return
        message = "a run that was taken over went on as if nothing had happened"
        raise AssertionError(message)

    def durable(self) -> Fingerprint:
        """Return everything that a superseded run may not change: all rows but packs it had begun, all objects but those packs, disks."""
        return fingerprint(self.region)

    def clean_run(self) -> list[str]:
        """Follow the operation undisturbed; return the names of its effects."""
        self.finish()
        return self.names

    @property
    def state(self) -> OperationState:
        """Where the operation is."""
        return self.region.operation(self.operation).state

    def _check_unfinished(self) -> None:
        kind = self.region.operation(self.operation).kind
        # A copy is published two steps before its operation ends: from there on the point is to be seen, and whole (check_region).
        if not kind.is_copy_from_region or not _is_published(self.region, self.operation):
            self.journey.check_hidden()


def pick_moments(names: Sequence[str], *, every: bool) -> list[int]:
    """Return the numbers of the effects to strike at: every one, or of each kind in each step the first, and the last commit.

    The number after the last stands for the end of the run.
    """
    if every:
        return list(range(len(names) + 1))
    first: dict[tuple[int, str], int] = {}
    last_commit: dict[int, int] = {}
    step = 0
    for number, name in enumerate(names):
        first.setdefault((step, name), number)
        if name == "commit":
            last_commit[step] = number
        step += name == "remember"
    return sorted({*first.values(), *last_commit.values(), len(names)})


class PercentWatch:
    """Sees every state that is committed: percent never goes back."""

    def __init__(self, region: SmallRegion, operation: OperationId) -> None:
        """Watch one operation."""
        self._region = region
        self._operation = operation
        self._percent = 0.0

    def follow(self, operation: OperationId) -> None:
        """Watch another one."""
        self._operation, self._percent = operation, 0.0

    def __call__(self, _number: int, name: str) -> None:
        """Look at the row after a commit."""
        if name == "commit":
            percent = self._region.operation(self._operation).progress.percent
            assert percent >= self._percent, f"percent went back from {self._percent} to {percent}"
            self._percent = percent


class WireWatch:
    """Sees what a copy pulls over the wire, over deaths and restarts."""

    def __init__(self, journey: Journey) -> None:
        """Watch the copies of the journey's region."""
        self._region = journey.region
        copies = self._region.operation(journey.operation).kind.is_copy_from_region
        self._ids = _chunk_ids(journey.stage.east) if copies else {}
        self._durable: set[bytes] = set()
        self._arrived_bytes = 0
        self._lost_bytes = 0
        #: Bytes that may be sent again within one run.
        self.tolerated_bytes = 0
        #: What was sent before the run that is looked at, by who sent it.
        self._settled: dict[DirectSource, int] = {}

    def note_end_of_run(self, window_bytes: int) -> None:
        """Take stock: what is durable now must not be sent again, and what was sent in vain is at most one window."""
        self.check_nothing_durable_was_sent_again()
        self._durable = stored_chunks(self._region)
        lost = [size for chunk, size in self._sent() if chunk not in self._durable]
        assert sum(lost) <= window_bytes, f"{sum(lost)} bytes were sent in vain, the window is {window_bytes}"
        self._arrived_bytes += sum(size for chunk, size in self._sent() if chunk in self._durable)
        self._lost_bytes += sum(lost)
        self._settled = {source: len(source.sent) for source in self._sources()}

    def check_reported(self, done_bytes: int) -> None:
        """Compare what a user was shown with what is durable: nothing is said to be done that was not even sent."""
        sent = self._arrived_bytes + self._lost_bytes
        assert done_bytes <= sent, f"{done_bytes} bytes were said to be done, {sent} were sent"

    def check_nothing_durable_was_sent_again(self) -> None:
        """Compare what was sent in this run with what was here when it began, and with itself."""
        sent, again = set[bytes](), 0
        for chunk, size in self._sent():
            again += size if chunk in sent else 0
            sent.add(chunk)
        assert again <= self.tolerated_bytes, f"{again} bytes were sent twice in one run"
        assert not self._durable.intersection(sent), "a chunk was sent that was here already"

    def _sent(self) -> list[tuple[bytes, int]]:
        sent: list[tuple[bytes, int]] = []
        for source in self._sources():
            start = self._settled.get(source, 0)
            sent.extend((self._ids[place], size) for place, size in zip(source.sent[start:], source.sent_bytes[start:], strict=True))
        return sent

    def _sources(self) -> list[DirectSource]:
        return [self._region.source_of(name) for name in self._region.others]


def _chunk_ids(source: SmallRegion) -> Mapping[tuple[str, int], bytes]:
    """Return the chunk of each block of the newest point at the source."""
    ids: dict[tuple[str, int], bytes] = {}
    for point, disks in all_points(source):
        for disk in disks if point.manifest is not None else ():
            assert disk.state is not None
            assert disk.scope is not None
            blocks = range(disk.state.geometry.block_count)
            for block, chunk in zip(blocks, source.vault.reader(disk.scope).chunk_ids(disk.state, blocks), strict=True):
                if chunk is not None:
                    ids[disk.disk_name, block] = chunk
    return ids


def _is_published(region: SmallRegion, operation: OperationId) -> bool:
    return any(point.operation == operation and point.manifest is not None for point, _ in all_points(region))
