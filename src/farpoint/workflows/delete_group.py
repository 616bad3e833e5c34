"""Delete a resource group with everything in it, in all regions.

1. look   ask every region whether something keeps its part from being deleted: nothing is deleted then
2. clear  delete this region's resources and have the peers delete theirs, until none is left anywhere
3. bury   write the tombstones of the group and of the role assignments in it, in one transaction, and tell the peers

From the request on the group takes nothing new: its record says so, here and at the peers. Disk files stay, as in any deletion.
"""

from attrs import evolve

from farpoint.metadata import groups, operations, role_assignments
from farpoint.metadata.operations import claimed_write
from farpoint.model.arm_id import group_path
from farpoint.model.operations import Failure, OperationState
from farpoint.model.resources import GroupState
from farpoint.workflows.bench import Work
from farpoint.workflows.patience import patiently
from farpoint.workflows.publishing import end_operation
from farpoint.workflows.recipe import NEXT, Recipe, Step

#: Deleting a collection writes one tombstone per point; looked at this often.
_LOOK_SECONDS = 0.5


def _look(work: Work) -> str:
    operation, groups = work.operation, work.bench.groups
    patiently(
        work,
        lambda: groups.look(_group(work), operation=operation.id, principal=operation.principal),
        check_deadline=_no_deadline,
    )
    return NEXT


def _clear(work: Work) -> str:
    operation = work.operation
    while True:
        # Whoever lost the claim deletes nothing more.
        work.report(work.progress, now=True)
        # A crash here leaves some of the resources; the next attempt deletes the rest.
        left = patiently(
            work,
            lambda: work.bench.groups.clear(_group(work), operation=operation.id, principal=operation.principal),
            check_deadline=_no_deadline,
        )
        if left == 0:
            return NEXT
        work.wait_for(f"{left} resources of the group are being deleted", _LOOK_SECONDS)


def _bury(work: Work) -> str:
    with claimed_write(work.bench.database, work.claim) as conn:
        records = role_assignments.bury_assignments_below(conn, group_path(_group(work)), origin=work.bench.region)
        records.append(groups.bury_group(conn, _group(work), origin=work.bench.region))
        end_operation(work, conn)
    # A crash here leaves peers that hear of the tombstones when they pull next.
    for record in records:
        work.bench.groups.tell(record)
    return NEXT


def _group(work: Work) -> str:
    name = work.operation.request.get("group")
    assert isinstance(name, str), "a group deletion without its group"
    return name


def _no_deadline() -> None:
    """Wait as long as it takes: the group is half deleted and must not be left so."""


def _fail(work: Work, failure: Failure) -> None:
    """Open the group again, with whatever is left in it: asking again goes on."""
    with claimed_write(work.bench.database, work.claim) as conn:
        group = groups.get_group(conn, _group(work))
        if group is not None:
            groups.put_group(conn, evolve(group, state=GroupState.SUCCEEDED), origin=work.bench.region)
        operations.finish_operation(conn, work.claim, OperationState.FAILED, failure, work.bench.clock.now())


DELETE_GROUP = Recipe(steps=(Step("look", _look), Step("clear", _clear), Step("bury", _bury)), fail=_fail)
