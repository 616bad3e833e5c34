"""beginGetAccess and endGetAccess, on whatever has bytes. Both are done when they are answered, as operations that have ended."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import empty_answer, operation_headers
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import Shown, described
from farpoint.api.paths import DISK, DISK_POINTS, SNAPSHOT, disk_arm_id, point_arm_id, snapshot_arm_id
from farpoint.api.schemas.access import AccessBody, parse_access
from farpoint.model.arm_id import ArmId
from farpoint.model.operations import Operation
from farpoint.services import granting

router = APIRouter()
_BEGIN, _END = "begingetaccess", "endgetaccess"
_BEGUN = described(202, shows=Shown.NOTHING, body=AccessBody)
_ENDED = described(202, shows=Shown.NOTHING)
_DISK_POINT = f"{DISK_POINTS}/{{disk_point}}"


@router.post(f"{DISK}/{_BEGIN}", openapi_extra=_BEGUN)
def begin_disk_access(caller: ArmCaller, group: str, disk: str, body: Body) -> Response:
    """Grant access to a disk."""
    return _begin(caller, disk_arm_id(subscription=caller.subscription, group=group, disk=disk), body)


@router.post(f"{DISK}/{_END}", openapi_extra=_ENDED)
def end_disk_access(caller: ArmCaller, group: str, disk: str) -> Response:
    """Revoke access to a disk."""
    return _end(caller, disk_arm_id(subscription=caller.subscription, group=group, disk=disk))


@router.post(f"{SNAPSHOT}/{_BEGIN}", openapi_extra=_BEGUN)
def begin_snapshot_access(caller: ArmCaller, group: str, snapshot: str, body: Body) -> Response:
    """Grant access to a snapshot."""
    return _begin(caller, snapshot_arm_id(subscription=caller.subscription, group=group, snapshot=snapshot), body)


@router.post(f"{SNAPSHOT}/{_END}", openapi_extra=_ENDED)
def end_snapshot_access(caller: ArmCaller, group: str, snapshot: str) -> Response:
    """Revoke access to a snapshot."""
    return _end(caller, snapshot_arm_id(subscription=caller.subscription, group=group, snapshot=snapshot))


@router.post(f"{_DISK_POINT}/{_BEGIN}", openapi_extra=_BEGUN)
def begin_disk_point_access(caller: ArmCaller, group: str, collection: str, point: str, disk_point: str, body: Body) -> Response:
    """Grant access to a disk restore point."""
    above = point_arm_id(subscription=caller.subscription, group=group, collection=collection, point=point)
    return _begin(caller, above.child("diskRestorePoints", disk_point), body)


@router.post(f"{_DISK_POINT}/{_END}", openapi_extra=_ENDED)
def end_disk_point_access(caller: ArmCaller, group: str, collection: str, point: str, disk_point: str) -> Response:
    """Revoke access to a disk restore point."""
    above = point_arm_id(subscription=caller.subscription, group=group, collection=collection, point=point)
    return _end(caller, above.child("diskRestorePoints", disk_point))


def _begin(caller: Caller, resource: ArmId, body: bytes) -> Response:
    request = parse_access(body, resource=resource)
    return _accepted(caller, granting.begin_access(caller.context, request, principal=caller.principal))


def _end(caller: Caller, resource: ArmId) -> Response:
    return _accepted(caller, granting.end_access(caller.context, resource, principal=caller.principal))


def _accepted(caller: Caller, operation: Operation) -> Response:
    return empty_answer(202, headers=operation_headers(caller.context, operation, api_version=caller.api_version, location=True))
