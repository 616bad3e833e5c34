"""Snapshots: made of disks here, brought from other regions, deleted; all as operations of the disk provider."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import deletion_answer, json_answer, list_answer, operation_headers
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import Shown, described
from farpoint.api.paths import ALL, IN_GROUP, SNAPSHOT
from farpoint.api.schemas.snapshots import SnapshotBody, SnapshotChangeBody, parse_snapshot, parse_snapshot_change
from farpoint.api.views.snapshots import snapshot_view
from farpoint.services import new_snapshot, snapshots
from farpoint.services.snapshots import SnapshotDetails

router = APIRouter()


@router.put(SNAPSHOT, openapi_extra=described(200, 202, body=SnapshotBody))
def put_snapshot(caller: ArmCaller, group: str, snapshot: str, body: Body) -> Response:
    """Make a snapshot; never 201, which clients refuse here."""
    request = parse_snapshot(body, group=group, name=snapshot)
    put = new_snapshot.put_snapshot(caller.context, request, principal=caller.principal)
    document = snapshot_view(put.resource, subscription=caller.subscription)
    if put.operation is None:
        return json_answer(document)
    headers = operation_headers(caller.context, put.operation, api_version=caller.api_version, location=True)
    return json_answer(document, status=202, headers=headers)


@router.patch(SNAPSHOT, openapi_extra=described(200, body=SnapshotChangeBody))
def patch_snapshot(caller: ArmCaller, group: str, snapshot: str, body: Body) -> Response:
    """Change tags or sku."""
    tags, sku = parse_snapshot_change(body)
    return _show(caller, snapshots.patch_snapshot(caller.context, group=group, name=snapshot, tags=tags, sku=sku))


@router.get(SNAPSHOT, openapi_extra=described(200))
def get_snapshot(caller: ArmCaller, group: str, snapshot: str) -> Response:
    """Show a snapshot, a copy with how far it is."""
    return _show(caller, snapshots.get_snapshot(caller.context, group=group, name=snapshot))


@router.delete(SNAPSHOT, openapi_extra=described(202, 204, shows=Shown.NOTHING))
def delete_snapshot(caller: ArmCaller, group: str, snapshot: str) -> Response:
    """Delete a snapshot; no other snapshot or restore point is touched."""
    operation = snapshots.delete_snapshot(caller.context, group=group, name=snapshot, principal=caller.principal)
    return deletion_answer(caller.context, operation, api_version=caller.api_version)


@router.get(f"{IN_GROUP}/snapshots", openapi_extra=described(200, shows=Shown.LIST))
def list_snapshots_of_group(caller: ArmCaller, group: str) -> Response:
    """List the snapshots of a group."""
    return _list(caller, snapshots.list_snapshots(caller.context, group=group))


@router.get(f"{ALL}/snapshots", openapi_extra=described(200, shows=Shown.LIST))
def list_snapshots(caller: ArmCaller) -> Response:
    """List the snapshots of this region."""
    return _list(caller, snapshots.list_snapshots(caller.context))


def _show(caller: Caller, found: SnapshotDetails) -> Response:
    return json_answer(snapshot_view(found, subscription=caller.subscription))


def _list(caller: Caller, found: Sequence[SnapshotDetails]) -> Response:
    return list_answer(caller, [snapshot_view(snapshot, subscription=caller.subscription) for snapshot in found])
