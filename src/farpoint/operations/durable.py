"""Durable steps on DBOS: after a crash a workflow goes on at the step it was in.

What DBOS may assume and what it may not (docs/decisions/0002-durable-steps.md): our operation row is the truth, DBOS remembers the
next step and may forget it. Workflow id = operation id, the id is the only input, a step's result is a word, so its plain tables
hold nothing of value. A sweep starts every live row that has no workflow, so losing DBOS's database costs no operation.
"""

import contextvars
import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID

from farpoint.clock import Clock
from farpoint.errors import SupersededError
from farpoint.model.ids import OperationId
from farpoint.operations.steps import Steps

if TYPE_CHECKING:
    from dbos import WorkflowStatus

_log = logging.getLogger(__name__)
#: Our own version of the recipes. DBOS's default hashes the source: an edit would strand interrupted work.
WORKFLOW_VERSION = "1"
#: One process, one executor: what an earlier process left behind is recovered by the next.
_EXECUTOR = "embedded"
SWEEP_SECONDS = 2.0
_ALIVE = frozenset({"PENDING", "ENQUEUED", "DELAYED"})

#: Does one operation with the given steps, from wherever they remember.
Follow = Callable[[Steps, OperationId], None]


class _LeftError(BaseException):
    """Leaves a workflow without DBOS recording anything: it records every Exception, and a superseded run must leave no trace."""


class _JsonSerializer(Serializer):
    """JSON instead of DBOS's default, pickle: its tables can be read, and reading them runs nothing."""

    def serialize(self, data: object) -> str:
        return json.dumps(data, default=repr)

    def deserialize(self, serialized_data: str) -> object:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "farpoint_json"


class _DurableSteps:
    """Satisfies Steps inside a DBOS workflow."""

    def run(self, name: str, action: Callable[[], str]) -> str:
        def step() -> str:
            try:
                return action()
            except SupersededError as error:
                raise _LeftError from error

        return DBOS.run_step({"name": name}, step)


class DurableRunner:
    """Runs operations in this process. One per process: DBOS is a process-wide thing, and so is a region."""

    def __init__(self, database: Path, *, follow: Follow, live: Callable[[], Iterable[OperationId]], clock: Clock) -> None:
        """Remember steps in *database*; *live* lists the operations whose rows say that they run."""
        self._follow = follow
        self._live = live
        self._clock = clock
        self._stopping = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_for_ever, name="operation-sweep", daemon=True)
        self._configuration: DBOSConfig = {
            "name": "farpoint",
            "system_database_url": f"sqlite:///{database}",
            "application_version": WORKFLOW_VERSION,
            "executor_id": _EXECUTOR,
            "serializer": _JsonSerializer(),
            "enable_otlp": False,
            "log_level": "ERROR",
            "console_log_level": "CRITICAL",
        }
        self._workflow: Callable[[str], None] | None = None

    def start(self) -> None:
        """Recover what an earlier process left, start what has no workflow, and keep looking."""
        DBOS(config=self._configuration)

        # A plain function: DBOS marks what it wraps, and a bound method cannot be marked.
        @DBOS.workflow(name="operation")
        def workflow(operation: str) -> None:
            self._run(operation)

        self._workflow = workflow
        DBOS.launch()
        logging.getLogger("dbos").handlers.clear()
        logging.getLogger("dbos").propagate = True
        self._sweeper.start()

    def launch(self, operation: OperationId) -> None:
        """Start the workflow of a committed operation, at once; if that fails, the sweep does. Starting it again changes nothing."""
        try:
            # In a context of its own: a step that starts an operation (a group's deletion starts others) is none of its workflow.
            contextvars.Context().run(self._start, str(operation))
        except Exception:  # noqa: BLE001 - whatever DBOS says: the row is committed, so its request has not failed
            _log.exception("workflow_not_started_yet", extra={"operation": str(operation)})

    def _start(self, operation: str) -> None:
        assert self._workflow is not None, "start() comes first"
        with SetWorkflowID(operation):
            DBOS.start_workflow(self._workflow, operation)

    def stop(self) -> None:
        """Take no more work. Steps under way are left to themselves: the next start goes on."""
        self._stopping.set()
        DBOS.destroy(workflow_completion_timeout_sec=0)

    def _run(self, operation: str) -> None:
        try:
            self._follow(_DurableSteps(), OperationId(uuid.UUID(operation)))
        except _LeftError:
            _log.info("workflow_superseded", extra={"operation": operation})

    def _sweep_for_ever(self) -> None:
        while not self._stopping.is_set():
            try:
                self._sweep()
            except Exception:  # noqa: BLE001 - the sweep's edge
                # A sweep that fails (a busy database, say) must not be the last one.
                _log.exception("operation_sweep_failed")
            self._clock.sleep(SWEEP_SECONDS, wake=self._stopping)

    def _sweep(self) -> None:
        for operation in self._live():
            status: WorkflowStatus | None = DBOS.get_workflow_status(str(operation))
            if status is not None and status.status not in _ALIVE and operation in self._live():
                # It ended without ending its row: it could not even record a failure (a full disk, say). Begin again.
                _log.error("workflow_ended_without_its_row", extra={"operation": str(operation), "status": status.status})
                DBOS.delete_workflow(str(operation))
                status = None
            if status is None and not self._stopping.is_set():
                self.launch(operation)
