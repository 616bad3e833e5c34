"""The ground of the crash suite: small regions with packs, batches and windows scaled down, so that disks of a few blocks fill several.

Scaling changes module constants for as long as a context lasts: the margins have names for this.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from farpoint.movers import batches, plan, restore, transfer
from farpoint.testing.crash import Trial
from farpoint.testing.effects import Effects
from farpoint.testing.journey import Journey
from farpoint.testing.journeys import JOURNEYS
from farpoint.testing.stage import BLOCK_BYTES, Stage
from farpoint.testing.watched_target import watched_open_target
from farpoint.units import KIB
from farpoint.vault import pack_writer
from farpoint.workflows import restore_disk

_SEED = 7
PACK_BYTES = 2 * BLOCK_BYTES
BATCH_BYTES = 2 * BLOCK_BYTES
#: What a kill may cost: an open pack, a batch under way, and one block.
WINDOW_BYTES = PACK_BYTES + BATCH_BYTES + BLOCK_BYTES
_SCALED = (
    (pack_writer, "DATA_PACK_BYTES", PACK_BYTES),
    (pack_writer, "NODE_PACK_BYTES", KIB),
    (batches, "BATCH_BYTES", BATCH_BYTES),
    (transfer, "BATCH_WIRE_BYTES", BATCH_BYTES),
    (transfer, "_PLAN_PAGE", 3),
    (plan, "GROUP_NODES", 2),
    (restore, "CHECKPOINT_BYTES", 2 * BLOCK_BYTES),
)


@contextmanager
def scaled_down() -> Iterator[None]:
    """Make packs, batches, pages and checkpoints small."""
    with ExitStack() as stack:
        for module, name, value in _SCALED:
            stack.enter_context(patch.object(module, name, value))
        yield


@contextmanager
def watched_targets(effects: Effects) -> Iterator[None]:
    """Count what restores write among *effects*."""
    with patch.object(restore_disk, "open_target", watched_open_target(effects)):
        yield


class Ground:
    """Journeys, each made once and rewound for every trial. Used while scaled_down() lasts."""

    def __init__(self, folder: Path) -> None:
        """Make them below *folder*."""
        self._folder = folder
        self._journeys: dict[str, Journey] = {}
        self._stages: list[Stage] = []
        self._stack = ExitStack()

    def trial(self, name: str, *, remember: bool = True) -> Trial:
        """Begin a trial of the journey of that name."""
        journey = self.journey(name)
        self.leave()
        self._stack.enter_context(watched_targets(journey.region.effects))
        return Trial(journey, remember=remember, window_bytes=WINDOW_BYTES)

    def journey(self, name: str) -> Journey:
        """Return the journey of that name."""
        if name not in self._journeys:
            self._journeys[name] = JOURNEYS[name](self.stage(name))
        return self._journeys[name]

    def stage(self, name: str) -> Stage:
        """Make a stage."""
        self._stages.append(Stage(self._folder / name, seed=_SEED))
        return self._stages[-1]

    def leave(self) -> None:
        """Undo what the last trial changed outside its regions."""
        self._stack.close()

    def close(self) -> None:
        """Let all regions go."""
        self.leave()
        for stage in self._stages:
            stage.stop()
