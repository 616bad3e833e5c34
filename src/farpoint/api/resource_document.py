"""The ARM document of any resource of this region, by its id: what peers are told about it."""

from farpoint.api.views.collections import collection_view
from farpoint.api.views.disk_points import disk_point_view
from farpoint.api.views.disks import disk_view
from farpoint.api.views.points import point_view
from farpoint.api.views.virtual_machines import vm_view
from farpoint.errors import Code, RefusedError
from farpoint.model.arm_id import ArmId, parse_arm_id
from farpoint.model.documents import JsonObject
from farpoint.services import collections, disks, points, virtual_machines
from farpoint.services.context import RegionContext

_MISSING = frozenset({Code.NOT_FOUND, Code.RESOURCE_NOT_FOUND})


def resource_document(context: RegionContext, arm_id: str) -> JsonObject | None:
    """Return what a GET of the resource answers here, nothing expanded; None when this region has no such resource."""
    try:
        parsed = parse_arm_id(arm_id)
    except ValueError:
        return None
    if parsed.subscription.lower() != context.subscription_id.lower() or parsed.namespace.lower() != "microsoft.compute":
        return None
    try:
        return _show(context, parsed)
    except RefusedError as error:
        if error.code in _MISSING:
            return None
        raise


def _show(context: RegionContext, arm_id: ArmId) -> JsonObject | None:
    subscription, group = context.subscription_id, arm_id.group
    match [(segment.lower(), name) for segment, name in arm_id.path]:
        case [("disks", name)]:
            return disk_view(disks.get_disk(context, group=group, name=name), subscription=subscription)
        case [("virtualmachines", name)]:
            return vm_view(virtual_machines.get_vm(context, group=group, name=name), subscription=subscription)
        case [("restorepointcollections", name)]:
            return collection_view(collections.get_collection(context, group=group, name=name), subscription=subscription)
        case [("restorepointcollections", collection), ("restorepoints", name)]:
            return point_view(points.get_point(context, group=group, collection=collection, name=name), subscription=subscription)
        case [("restorepointcollections", collection), ("restorepoints", point), ("diskrestorepoints", name)]:
            details, disk = points.get_disk_point(context, group=group, collection=collection, point=point, name=name)
            return disk_point_view(details, disk, subscription=subscription)
        case _:
            return None
