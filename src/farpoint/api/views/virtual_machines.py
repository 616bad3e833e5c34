"""Virtual machines as ARM shows them: what the client gave, completed with what only the region knows."""

from farpoint.api.views.text import arm_time, in_order, tags_of
from farpoint.model.arm_id import compute_id
from farpoint.model.documents import JsonObject
from farpoint.model.resources import VirtualMachine
from farpoint.services.json_reading import object_at, present, without

#: How Azure orders an OS profile; the database keeps documents with their keys sorted.
_OS_PROFILE_ORDER = (
    "computerName",
    "adminUsername",
    "windowsConfiguration",
    "linuxConfiguration",
    "secrets",
    "allowExtensionOperations",
    "requireGuestProvisionSignal",
)
_ORDER = ("vmId", "hardwareProfile", "provisioningState", "storageProfile", "osProfile", "diagnosticsProfile", "timeCreated")


def vm_view(vm: VirtualMachine, *, subscription: str, instance_view: bool = False) -> JsonObject:
    """Show *vm*; ``userData`` may hold secrets and is not shown, as in Azure."""
    known: JsonObject = {"vmId": str(vm.id), "provisioningState": "Succeeded", "timeCreated": arm_time(vm.time_created)}
    properties = in_order({**os_profile_in_order(without(vm.properties, "userData")), **known}, _ORDER)
    if instance_view:
        properties["instanceView"] = vm_instance_view(vm)
    return present(
        name=vm.name,
        id=str(compute_id(subscription=subscription, group=vm.group, path=(("virtualMachines", vm.name),))),
        type="Microsoft.Compute/virtualMachines",
        location=vm.location,
        tags=tags_of(vm.tags),
        properties=properties,
    )


def os_profile_in_order(properties: JsonObject) -> JsonObject:
    """Return a VM's properties, or those that a restore point keeps of them, with their OS profile in Azure's order."""
    profile = object_at(properties, "osProfile")
    return {**properties, "osProfile": in_order(profile, _OS_PROFILE_ORDER)} if profile else properties


def vm_instance_view(vm: VirtualMachine) -> JsonObject:
    """Show what is known of the running VM."""
    provisioned: JsonObject = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "time": arm_time(vm.time_created),
    }
    # A registered VM is run by somebody else; nobody tells us its power state.
    power: JsonObject = {"code": "PowerState/unknown", "level": "Info", "displayStatus": "VM power state is not known"}
    return {"statuses": [provisioned, power]}
