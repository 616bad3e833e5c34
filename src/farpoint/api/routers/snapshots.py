"""Snapshots: made of disks here, brought from other regions, deleted; all as operations of the disk provider."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import deletion_answer, json_answer, operation_headers
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import Shown, described
from farpoint.api.disk_documents import snapshot_document
from farpoint.api.lists import list_page
from farpoint.api.paths import ALL, IN_GROUP, SNAPSHOT
from farpoint.api.schemas.snapshots import SnapshotBody, SnapshotChangeBody, parse_snapshot, parse_snapshot_change
from farpoint.services import new_snapshot, snapshots
from farpoint.services.references import SNAPSHOT_TYPE
from farpoint.services.snapshots import SnapshotDetails

router = APIRouter()


@router.put(SNAPSHOT, openapi_extra=described(200, 202, body=SnapshotBody))
def put_snapshot(caller: ArmCaller, group: str, snapshot: str, body: Body) -> Response:
    """Make a snapshot; never 201, which clients refuse here."""
    request = parse_snapshot(body, group=group, name=snapshot)
    put = new_snapshot.put_snapshot(caller.context, request, principal=caller.principal)
    document = snapshot_document(caller.context, put.resource)
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
    """List the snapshots of a group, of all regions."""
    return list_page(caller, SNAPSHOT_TYPE, group=group)


@router.get(f"{ALL}/snapshots", openapi_extra=described(200, shows=Shown.LIST))
def list_snapshots(caller: ArmCaller) -> Response:
    """List the snapshots of all regions."""
    return list_page(caller, SNAPSHOT_TYPE)


def _show(caller: Caller, found: SnapshotDetails) -> Response:
    return json_answer(snapshot_document(caller.context, found))
