"""Steps whose outcomes outlive the process, as DBOS keeps them; and how little of that a recipe may rely on."""

from collections.abc import Callable

from farpoint.errors import SupersededError
from farpoint.testing.effects import Effects, KilledError


class StepMemory:
    """What a durable runner remembers of one operation: the outcome of each step that was done, in order.

    It may forget everything at any time (its database is deleted): then the recipe begins at its first step again.
    """

    def __init__(self, effects: Effects) -> None:
        """Remember nothing yet; remembering is an effect too."""
        self._effects = effects
        self._done: list[tuple[str, str]] = []

    def steps(self) -> "RememberedSteps":
        """Return the steps of a new run, which goes on where the last one was."""
        return RememberedSteps(self._effects, self._done)


class RememberedSteps:
    """Satisfies operations.steps.Steps: replays what was done, then does and remembers the rest."""

    def __init__(self, effects: Effects, done: list[tuple[str, str]]) -> None:
        """Go on after *done*."""
        self._effects = effects
        self._done = done
        self._position = 0

    def run(self, name: str, action: Callable[[], str]) -> str:
        """Return the remembered outcome, or do the step."""
        if self._position < len(self._done):
            known, outcome = self._done[self._position]
            assert known == name, f"step {name} is replayed where {known} was done"
        else:
            outcome = self._do(action)
            with self._effects.effect("remember"):
                self._done.append((name, outcome))
        self._position += 1
        return outcome

    def _do(self, action: Callable[[], str]) -> str:
        try:
            return action()
        except (SupersededError, KilledError):
            raise
        except Exception:
            # The workflow ended without ending its row: the sweep deletes it and begins again.
            self._done.clear()
            raise
