"""What a workflow sees of whoever runs it: steps that are done once each, as far as anybody remembers."""

from collections.abc import Callable
from typing import Protocol


class Steps(Protocol):
    """Runs the steps of one workflow; remembers those that are done."""

    def run(self, name: str, action: Callable[[], str]) -> str:
        """Return what *action* returned, now or in an earlier run of this workflow. *action* is idempotent."""
        ...


class InlineSteps:
    """Runs each step where it stands and remembers nothing: for tests, and as the plainest description of the contract."""

    def run(self, name: str, action: Callable[[], str]) -> str:  # noqa: ARG002 - a name matters only to those that remember
        """Run *action*."""
        return action()
