"""Operations as rows: made in the transaction of the resource they work on, ended when their resource goes away."""

from attrs import evolve

from farpoint.errors import Cause, Code
from farpoint.metadata import operations, points
from farpoint.metadata.connection import Connection
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.model.ids import OperationId
from farpoint.model.operations import Failure, Operation, OperationKind, OperationState
from farpoint.model.resources import ProvisioningState, RestorePoint
from farpoint.services.context import RegionContext


def new_operation(
    context: RegionContext, kind: OperationKind, *, resource: ArmId | str, subject: str, principal: str, request: JsonObject | None = None
) -> Operation:
    """Return a running operation of *kind* on *resource*; the caller inserts it with the resource's row."""
    return Operation(
        id=OperationId(context.entropy.guid()),
        kind=kind,
        resource_id=str(resource),
        subject=subject,
        state=OperationState.RUNNING,
        answered=False,
        incarnation=0,
        principal=principal,
        request=request or {},
        created_at=context.clock.now(),
    )


def running_operation(conn: Connection, subject: str, kind: OperationKind) -> Operation | None:
    """Return the newest operation on *subject* if it is of *kind* and still runs."""
    found = operations.find_operation_of(conn, subject)
    return found if found is not None and found.kind is kind and found.state is OperationState.RUNNING else None


def retire(context: RegionContext, conn: Connection, point: RestorePoint, *, why: str) -> None:
    """Take a point out of use, in the transaction that inserts the operation which removes it: whatever still makes it is ended."""
    _interrupt(context, conn, point.operation, why=why)
    points.update_point(conn, evolve(point, provisioning_state=ProvisioningState.DELETING))


def _interrupt(context: RegionContext, conn: Connection, operation_id: OperationId, *, why: str) -> None:
    """End a running operation because its resource is being deleted.

    The claim raises the incarnation, so whoever works on it is superseded at its next write and can change nothing more.
    """
    found = operations.get_operation(conn, operation_id)
    if found is None or found.state is not OperationState.RUNNING:
        return
    claim = operations.claim_operation(conn, operation_id)
    failure = Failure(
        code=Code.INTERRUPTED.value,
        message=why,
        cause=Cause.ENDED,
        percent=found.progress.percent,
        attempts=found.incarnation,
    )
    operations.finish_operation(conn, claim, OperationState.FAILED, failure, context.clock.now())
