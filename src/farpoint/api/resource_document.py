"""The ARM document of any resource of this region, by its id: what peers are told about it.

Peers keep these documents and show them when this region does not answer, so everything a GET can expand is in them.
"""

from collections.abc import Sequence

from farpoint.api.disk_documents import disk_document, snapshot_document
from farpoint.api.views.collections import collection_view
from farpoint.api.views.descriptions import description_view
from farpoint.api.views.disk_points import disk_point_view
from farpoint.api.views.points import point_view
from farpoint.api.views.virtual_machines import vm_view
from farpoint.errors import Code, RefusedError
from farpoint.model.arm_id import ArmId, parse_arm_id
from farpoint.model.documents import JsonObject
from farpoint.services import collections, descriptions, disks, points, snapshots, virtual_machines
from farpoint.services.context import RegionContext
from farpoint.services.references import NETWORK_TYPES, POINT_TYPE

_MISSING = frozenset({Code.NOT_FOUND, Code.RESOURCE_NOT_FOUND})


def resource_document(context: RegionContext, arm_id: str) -> JsonObject | None:
    """Return what a GET of the resource answers here, with its instance view; None when this region has no such resource."""
    try:
        parsed = parse_arm_id(arm_id)
    except ValueError:
        return None
    if parsed.subscription.lower() != context.subscription_id.lower():
        return None
    try:
        return _show(context, parsed)
    except RefusedError as error:
        if error.code in _MISSING:
            return None
        raise


def resource_documents(context: RegionContext, arm_path: str) -> Sequence[JsonObject]:
    """Return the document of the resource with this ARM id (without its subscription), then those of its parts; none when it is gone."""
    arm_id = f"/subscriptions/{context.subscription_id}{arm_path}"
    document = resource_document(context, arm_id)
    if document is None:
        return ()
    try:
        return (document, *_parts(context, parse_arm_id(arm_id)))
    except RefusedError:
        # Deleted since its own document was read.
        return ()


def _parts(context: RegionContext, arm_id: ArmId) -> Sequence[JsonObject]:
    if not arm_id.is_type(POINT_TYPE):
        return ()
    details = points.get_point(context, group=arm_id.group, collection=arm_id.parent.name, name=arm_id.name)
    return [disk_point_view(details, disk, subscription=context.subscription_id) for disk in details.disks]


def _show(context: RegionContext, arm_id: ArmId) -> JsonObject | None:
    if any(arm_id.is_type(type_name) for type_name in NETWORK_TYPES):
        found = descriptions.get_description(context, type_name=arm_id.type, group=arm_id.group, name=arm_id.name)
        return description_view(found, subscription=context.subscription_id)
    return _show_compute(context, arm_id) if arm_id.namespace.lower() == "microsoft.compute" else None


def _show_compute(context: RegionContext, arm_id: ArmId) -> JsonObject | None:
    subscription, group = context.subscription_id, arm_id.group
    match [(segment.lower(), name) for segment, name in arm_id.path]:
        case [("disks", name)]:
            return disk_document(context, disks.get_disk(context, group=group, name=name))
        case [("snapshots", name)]:
            return snapshot_document(context, snapshots.get_snapshot(context, group=group, name=name))
        case [("virtualmachines", name)]:
            return vm_view(virtual_machines.get_vm(context, group=group, name=name), subscription=subscription, instance_view=True)
        case [("restorepointcollections", collection), *below]:
            return _show_below(context, below, group=group, collection=collection)
        case _:
            return None


def _show_below(context: RegionContext, below: list[tuple[str, str]], *, group: str, collection: str) -> JsonObject | None:
    """Show a restore point collection, or what *below* names inside it."""
    subscription = context.subscription_id
    match below:
        case []:
            return collection_view(collections.get_collection(context, group=group, name=collection), subscription=subscription)
        case [("restorepoints", name)]:
            details = points.get_point(context, group=group, collection=collection, name=name)
            return point_view(details, subscription=subscription, expand_instance_view=True)
        case [("restorepoints", point), ("diskrestorepoints", name)]:
            details, disk = points.get_disk_point(context, group=group, collection=collection, point=point, name=name)
            return disk_point_view(details, disk, subscription=subscription)
        case _:
            return None
