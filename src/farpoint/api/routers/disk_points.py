"""Disk restore points: read only."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import json_answer, list_answer
from farpoint.api.caller import ArmCaller
from farpoint.api.described import Shown, described
from farpoint.api.paths import DISK_POINTS
from farpoint.api.views.disk_points import disk_point_view
from farpoint.services import points

router = APIRouter()


@router.get(DISK_POINTS, openapi_extra=described(200, shows=Shown.LIST))
def list_disk_points(caller: ArmCaller, group: str, collection: str, point: str) -> Response:
    """List the disks of a restore point."""
    details = points.get_point(caller.context, group=group, collection=collection, name=point)
    return list_answer(caller, [disk_point_view(details, disk, subscription=caller.subscription) for disk in details.disks])


@router.get(f"{DISK_POINTS}/{{disk_point}}", openapi_extra=described(200))
def get_disk_point(caller: ArmCaller, group: str, collection: str, point: str, disk_point: str) -> Response:
    """Show one disk of a restore point."""
    details, disk = points.get_disk_point(caller.context, group=group, collection=collection, point=point, name=disk_point)
    return json_answer(disk_point_view(details, disk, subscription=caller.subscription))
