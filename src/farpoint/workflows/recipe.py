"""Recipes: an operation as a table of named steps, followed one after the other.

A step is idempotent and keeps what the next one needs in our database, not in its result: its only result is the name of the
step to go to, if it is not the next one. So whoever runs the steps (durably, or inline in tests) remembers no more than the next step.
"""

import logging
from collections.abc import Callable
from functools import partial

from attrs import evolve, frozen

from farpoint.errors import Code, FarpointError, IntegrityError, SupersededError, UnavailableError
from farpoint.metadata import operations
from farpoint.model.ids import OperationId
from farpoint.model.operations import Failure, OperationState
from farpoint.operations.steps import Steps
from farpoint.workflows.bench import Bench, Work

_log = logging.getLogger(__name__)
#: A copy whose hold is lost again and again is given up after this many returns to an earlier step.
_RETURNS_MAX = 1000
#: Further tries of a step whose database was busy for the full ten seconds a write waits.
_BUSY_CHANCES = 3
_BUSY_PAUSE_SECONDS = 1.0


@frozen
class Step:
    """One step: its name, and what it does; it returns the step to go to, or NEXT."""

    name: str
    act: Callable[[Work], str]


#: Go on with the following step.
NEXT = ""
_ENDED = "ended"


@frozen(kw_only=True)
class Recipe:
    """How one kind of operation is done."""

    steps: tuple[Step, ...]
    #: Records a failure on the resource, in the transaction that ends the operation.
    fail: Callable[[Work, Failure], None]


def follow(recipe: Recipe, steps: Steps, bench: Bench, operation_id: OperationId) -> None:
    """Do the operation from wherever *steps* remembers; end its row. A superseded run stops without a trace."""
    work = begin_work(bench, operation_id)
    if work is None:
        return
    position, returns = 0, 0
    while position < len(recipe.steps):
        step = recipe.steps[position]
        outcome = steps.run(step.name, partial(_attempt, recipe, step, work))
        if outcome == _ENDED:
            return
        returns += outcome != NEXT
        if returns > _RETURNS_MAX:
            _fail(recipe, work, Failure.of(_never_ending(outcome)))
            return
        position = position + 1 if outcome == NEXT else _position(recipe, outcome)


def begin_work(bench: Bench, operation_id: OperationId) -> Work | None:
    """Claim the operation, which supersedes every earlier run of it; None when it has ended."""
    with bench.database.write() as conn:
        operation = operations.get_operation(conn, operation_id)
        if operation is None or operation.state is not OperationState.RUNNING:
            return None
        claim = operations.claim_operation(conn, operation_id)
        operation = operations.get_operation(conn, operation_id)
    assert operation is not None
    return Work(bench=bench, operation=operation, claim=claim)


def _attempt(recipe: Recipe, step: Step, work: Work) -> str:
    try:
        outcome = _act(step, work)
    except SupersededError:
        raise
    except FarpointError as error:
        if isinstance(error, IntegrityError) and error.place.pack is not None:
            # Before the failure is told: whoever hears of it may ask again at once, and must not lean on the same bytes. A source's
            # pack is not known here, and passed over.
            work.bench.vault.quarantine([error.place.pack])
        return _fail(recipe, work, Failure.of(error))
    except Exception as error:  # noqa: BLE001 - the worker loop's edge
        # A bug of ours must end the operation, not leave it running for ever.
        _log.exception("step_failed_unexpectedly", extra={"step": step.name, **work.log_fields()})
        return _fail(recipe, work, Failure.unexpected(error))
    _log.info(
        "step_done", extra={"operation": str(work.operation.id), "kind": work.operation.kind.value, "step": step.name, **work.log_fields()}
    )
    return outcome


def _act(step: Step, work: Work) -> str:
    """Do the step; a database that somebody kept busy for too long is given a few more chances: steps may be repeated."""
    for chance in range(_BUSY_CHANCES, -1, -1):
        try:
            work.enter(step.name)
            return step.act(work)
        except UnavailableError as error:
            if error.code is not Code.DATABASE_BUSY or chance == 0:
                raise
            work.bench.clock.sleep(_BUSY_PAUSE_SECONDS, wake=work.bench.stopping)
    raise AssertionError


def _never_ending(step: str) -> FarpointError:
    message = f"the operation was sent back to step {step} more than {_RETURNS_MAX} times"
    return FarpointError(
        Code.HOLD_LOST, message, hint="Look at the source region, delete this copy, then copy again: what arrived is kept."
    )


def _fail(recipe: Recipe, work: Work, failure: Failure) -> str:
    work.flush_progress()
    failure = evolve(failure, percent=work.percent, attempts=work.claim.incarnation)
    recipe.fail(work, failure)
    facts = {"code": failure.code, "reason": failure.message, "place": str(failure.place), "percent": failure.percent}
    _log.error("operation_failed", extra={**work.log_fields(), **facts})
    return _ENDED


def _position(recipe: Recipe, name: str) -> int:
    return [step.name for step in recipe.steps].index(name)
