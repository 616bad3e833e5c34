"""One operation, ready to be disturbed: what the crash suite knows of it."""

from collections.abc import Callable

from attrs import frozen

from farpoint.model.ids import OperationId
from farpoint.testing.regions import SmallRegion
from farpoint.testing.stage import Stage

Check = Callable[[], None]


@frozen(kw_only=True)
class Journey:
    """One operation that was asked for and not begun; rewind() comes back to this moment."""

    stage: Stage
    #: Where it runs.
    region: SmallRegion
    operation: OperationId
    rewind: Callable[[], None]
    #: What the user sees when it has succeeded.
    check_success: Check
    #: What the user sees while it runs and when it has failed: nothing half done.
    check_hidden: Check
    #: Does what a user does after a failure, and returns the operation that is to succeed then.
    ask_again: Callable[[], OperationId]


def journey_of(
    stage: Stage,
    region: SmallRegion,
    operation: OperationId,
    *,
    check_success: Check,
    check_hidden: Check,
    ask_again: Callable[[], OperationId],
) -> Journey:
    """Return the journey that begins now."""
    return Journey(
        stage=stage,
        region=region,
        operation=operation,
        rewind=stage.keep(),
        check_success=check_success,
        check_hidden=check_hidden,
        ask_again=ask_again,
    )
