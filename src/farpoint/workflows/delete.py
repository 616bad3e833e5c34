"""Delete a restore point, a snapshot, or a collection with all its points.

1. bury       write the tombstone of each manifest: whatever a rebuild finds later, these points stay deleted
2. unpublish  remove the rows, in one transaction

Nothing else is touched: chunks that other points, holds or running operations reach stay, and collection takes the rest.
"""

import uuid

from attrs import evolve

from farpoint.metadata import collections, operations, points, snapshots
from farpoint.metadata.connection import Connection
from farpoint.metadata.operations import claimed_write
from farpoint.model.arm_id import parse_arm_id
from farpoint.model.ids import CollectionId, PointId
from farpoint.model.operations import Failure, OperationKind, OperationState
from farpoint.model.resources import ProvisioningState, RestorePoint
from farpoint.workflows.bench import Work
from farpoint.workflows.copy_source_side import let_go
from farpoint.workflows.publishing import end_operation, manifest_id_of
from farpoint.workflows.recipe import NEXT, Recipe, Step


def _bury(work: Work) -> str:
    with work.bench.database.read() as conn:
        doomed = _doomed(work, conn)
    for point in doomed:
        # A point whose making was interrupted may have written its manifest, or may be about to: bury what it would be called.
        manifest = point.manifest or manifest_id_of(point.operation)
        # A crash here leaves tombstones of points whose rows remain: the next attempt removes the rows.
        work.bench.vault.manifests.bury(manifest, point_id=_point_id(work, point))
        let_go(work, point.operation)
        work.report(work.progress)
    return NEXT


def _point_id(work: Work, point: RestorePoint) -> str:
    if work.operation.kind is OperationKind.DELETE_COLLECTION:
        return str(parse_arm_id(work.operation.resource_id).child("restorePoints", point.name))
    return work.operation.resource_id


def _unpublish(work: Work) -> str:
    with claimed_write(work.bench.database, work.claim) as conn:
        for point in _doomed(work, conn):
            snapshot = snapshots.get_snapshot_of_point(conn, point.id)
            if snapshot is not None:
                snapshots.delete_snapshot(conn, snapshot.id)
            points.delete_point(conn, point.id)
            if snapshot is not None and not points.list_points(conn, point.collection):
                collections.delete_collection(conn, point.collection)
        if work.operation.kind is OperationKind.DELETE_COLLECTION:
            collections.delete_collection(conn, _collection(work))
        end_operation(work, conn)
    return NEXT


def _doomed(work: Work, conn: Connection) -> list[RestorePoint]:
    if work.operation.kind is OperationKind.DELETE_COLLECTION:
        return points.list_points(conn, _collection(work))
    point = points.get_point_by_guid(conn, PointId(uuid.UUID(work.operation.subject)))
    return [] if point is None else [point]


def _collection(work: Work) -> CollectionId:
    return CollectionId(uuid.UUID(work.operation.subject))


def _fail(work: Work, failure: Failure) -> None:
    """Leave the points as they are, marked failed: asking again goes on."""
    with claimed_write(work.bench.database, work.claim) as conn:
        for point in _doomed(work, conn):
            points.update_point(conn, evolve(point, provisioning_state=ProvisioningState.FAILED, failure=failure))
        operations.finish_operation(conn, work.claim, OperationState.FAILED, failure, work.bench.clock.now())


DELETE = Recipe(steps=(Step("bury", _bury), Step("unpublish", _unpublish)), fail=_fail)
