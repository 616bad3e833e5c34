"""Disks: Attach, Empty and Upload are answered at once, Copy and Restore go on as disk operations."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import empty_answer, json_answer, operation_headers
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller
from farpoint.api.described import PAGED, Shown, described
from farpoint.api.disk_documents import disk_document
from farpoint.api.lists import list_page
from farpoint.api.paths import ALL, DISK, IN_GROUP, disk_arm_id
from farpoint.api.schemas.disks import DiskBody, DiskChangeBody, RestoreCheck, parse_disk, parse_disk_change
from farpoint.services import disks, new_disks, restores, verification
from farpoint.services.new_disks import NewDiskRequest
from farpoint.services.references import DISK_TYPE
from farpoint.services.restores import RestoreRequest

router = APIRouter()


@router.put(DISK, openapi_extra=described(200, 202, 204, body=DiskBody))
def put_disk(caller: ArmCaller, group: str, disk: str, body: Body) -> Response:
    """Register or make a disk, or only say whether that could be; never 201, which clients refuse here."""
    request = parse_disk(body, group=group, name=disk)
    if isinstance(request, RestoreCheck):
        restores.check_restore(caller.context, request.request)
        return empty_answer(204)
    if isinstance(request, RestoreRequest):
        put = restores.restore_disk(caller.context, request, principal=caller.principal)
    elif isinstance(request, NewDiskRequest):
        put = new_disks.make_disk(caller.context, request)
    else:
        put = disks.attach_disk(caller.context, request)
    document = disk_document(caller.context, put.resource)
    if put.operation is None:
        return json_answer(document)
    headers = operation_headers(caller.context, put.operation, api_version=caller.api_version, location=True)
    return json_answer(document, status=202, headers=headers)


@router.patch(DISK, openapi_extra=described(200, body=DiskChangeBody))
def patch_disk(caller: ArmCaller, group: str, disk: str, body: Body) -> Response:
    """Change tags or sku."""
    changed = disks.patch_disk(caller.context, parse_disk_change(body, group=group, name=disk))
    return json_answer(disk_document(caller.context, changed))


@router.get(DISK, openapi_extra=described(200))
def get_disk(caller: ArmCaller, group: str, disk: str) -> Response:
    """Show a disk; one that is being made with how far that is."""
    found = disks.get_disk(caller.context, group=group, name=disk)
    return json_answer(disk_document(caller.context, found, restore=restores.restore_under_way(caller.context, found)))


@router.delete(DISK, openapi_extra=described(200, 204, shows=Shown.NOTHING))
def delete_disk(caller: ArmCaller, group: str, disk: str) -> Response:
    """Forget a disk; its file stays."""
    return empty_answer(200 if disks.delete_disk(caller.context, group=group, name=disk) else 204)


@router.post(f"{DISK}/verify", openapi_extra=described(202, shows=Shown.NOTHING))
def verify_disk(caller: ArmCaller, group: str, disk: str) -> Response:
    """Read a restored disk back and prove its contents."""
    arm_id = disk_arm_id(subscription=caller.subscription, group=group, disk=disk)
    operation = verification.verify_disk(caller.context, arm_id, principal=caller.principal)
    return empty_answer(202, headers=operation_headers(caller.context, operation, api_version=caller.api_version, location=True))


@router.get(f"{IN_GROUP}/disks", openapi_extra=described(200, shows=Shown.LIST, query=PAGED))
def list_disks_of_group(caller: ArmCaller, group: str) -> Response:
    """List the disks of a group, of all regions."""
    return list_page(caller, DISK_TYPE, group=group)


@router.get(f"{ALL}/disks", openapi_extra=described(200, shows=Shown.LIST, query=PAGED))
def list_disks(caller: ArmCaller) -> Response:
    """List the disks of all regions."""
    return list_page(caller, DISK_TYPE)
