"""Virtual machines: descriptions of guests that run elsewhere, so what would run or stop one is refused."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from farpoint.api.answers import empty_answer, json_answer
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller
from farpoint.api.described import PAGED, Shown, described, expand
from farpoint.api.lists import list_page
from farpoint.api.paths import ALL, IN_GROUP, VM
from farpoint.api.schemas.virtual_machines import DiskMovesBody, VmBody, VmChangeBody, parse_disk_moves, parse_vm, parse_vm_change
from farpoint.api.views.virtual_machines import vm_instance_view, vm_view
from farpoint.services import virtual_machines, vm_disks
from farpoint.services.json_reading import object_at
from farpoint.services.references import VM_TYPE

router = APIRouter()
_INSTANCE_VIEW = "instanceView"
# The resource has these actions; each says that it cannot be done here.
_REFUSED = described(200, shows=Shown.NOTHING)
_LISTED = described(200, shows=Shown.LIST, query=(*PAGED, expand(_INSTANCE_VIEW)))


@router.put(VM, openapi_extra=described(200, 201, body=VmBody))
def put_vm(caller: ArmCaller, group: str, vm: str, body: Body) -> Response:
    """Create or update a VM and attach its disks."""
    put = virtual_machines.put_vm(caller.context, parse_vm(body, group=group, name=vm))
    return json_answer(vm_view(put.resource, subscription=caller.subscription), status=201 if put.created else 200)


@router.get(VM, openapi_extra=described(200, query=(expand(_INSTANCE_VIEW),)))
def get_vm(caller: ArmCaller, group: str, vm: str) -> Response:
    """Show a VM."""
    found = virtual_machines.get_vm(caller.context, group=group, name=vm)
    return json_answer(vm_view(found, subscription=caller.subscription, instance_view=caller.expands(_INSTANCE_VIEW)))


@router.patch(VM, openapi_extra=described(200, body=VmChangeBody))
def patch_vm(caller: ArmCaller, group: str, vm: str, body: Body) -> Response:
    """Change the tags."""
    changed = virtual_machines.patch_vm(caller.context, group=group, name=vm, tags=parse_vm_change(body))
    return json_answer(vm_view(changed, subscription=caller.subscription))


@router.get(f"{VM}/instanceview", openapi_extra=described(200, shows=Shown.ANYTHING))
def get_instance_view(caller: ArmCaller, group: str, vm: str) -> Response:
    """Show the instance view alone."""
    return json_answer(vm_instance_view(virtual_machines.get_vm(caller.context, group=group, name=vm)))


@router.post(f"{VM}/attachdetachdatadisks", openapi_extra=described(200, shows=Shown.ANYTHING, body=DiskMovesBody))
def attach_and_detach_disks(caller: ArmCaller, group: str, vm: str, body: Body) -> Response:
    """Attach and detach data disks; answer with the storage profile."""
    changed = vm_disks.change_data_disks(caller.context, parse_disk_moves(body, group=group, name=vm))
    return json_answer(object_at(changed.properties, "storageProfile"))


@router.post(f"{VM}/start", openapi_extra=_REFUSED)
@router.post(f"{VM}/restart", openapi_extra=_REFUSED)
@router.post(f"{VM}/poweroff", openapi_extra=_REFUSED)
@router.post(f"{VM}/deallocate", openapi_extra=_REFUSED)
def refuse_power(caller: ArmCaller, request: Request, group: str, vm: str) -> Response:
    """Refuse to run or stop a guest: who believed a 200 would take a running disk for a quiet one."""
    virtual_machines.refuse_power(caller.context, group=group, name=vm, action=request.url.path.rpartition("/")[2])


@router.delete(VM, openapi_extra=described(200, 204, shows=Shown.NOTHING))
def delete_vm(caller: ArmCaller, group: str, vm: str) -> Response:
    """Forget a VM and detach its disks."""
    return empty_answer(200 if virtual_machines.delete_vm(caller.context, group=group, name=vm) else 204)


@router.get(f"{IN_GROUP}/virtualmachines", openapi_extra=_LISTED)
def list_vms_of_group(caller: ArmCaller, group: str) -> Response:
    """List the VMs of a group, of all regions."""
    return list_page(caller, VM_TYPE, group=group, expand=_INSTANCE_VIEW)


@router.get(f"{ALL}/virtualmachines", openapi_extra=_LISTED)
def list_vms(caller: ArmCaller) -> Response:
    """List the VMs of all regions."""
    return list_page(caller, VM_TYPE, expand=_INSTANCE_VIEW)
