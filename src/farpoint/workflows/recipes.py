"""Which recipe each kind of operation follows."""

from collections.abc import Mapping

from farpoint.model.operations import OperationKind
from farpoint.workflows.copy_disk import COPY_DISK
from farpoint.workflows.copy_point import COPY_POINT
from farpoint.workflows.create_point import CREATE_POINT
from farpoint.workflows.delete import DELETE
from farpoint.workflows.delete_group import DELETE_GROUP
from farpoint.workflows.recipe import Recipe
from farpoint.workflows.restore_disk import RESTORE_DISK
from farpoint.workflows.verify import VERIFY

RECIPES: Mapping[OperationKind, Recipe] = {
    OperationKind.CREATE_POINT: CREATE_POINT,
    OperationKind.COPY_POINT: COPY_POINT,
    OperationKind.RESTORE_DISK: RESTORE_DISK,
    OperationKind.COPY_DISK: COPY_DISK,
    OperationKind.DELETE_POINT: DELETE,
    OperationKind.DELETE_COLLECTION: DELETE,
    OperationKind.CREATE_SNAPSHOT: CREATE_POINT,
    OperationKind.COPY_SNAPSHOT: COPY_POINT,
    OperationKind.DELETE_SNAPSHOT: DELETE,
    OperationKind.VERIFY_POINT: VERIFY,
    OperationKind.VERIFY_DISK: VERIFY,
    OperationKind.DELETE_GROUP: DELETE_GROUP,
}
