"""Lists of resources: of one type or of all, in one group or everywhere, over all regions."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response

from farpoint.api.caller import Caller
from farpoint.api.disk_documents import disk_documents, snapshot_documents
from farpoint.api.name_conflicts import mark_conflicts
from farpoint.api.paging import page_answer, page_of
from farpoint.api.views.collections import collection_view
from farpoint.api.views.descriptions import description_view
from farpoint.api.views.virtual_machines import vm_view
from farpoint.model.documents import JsonObject
from farpoint.model.spans import Span
from farpoint.services import collections, descriptions, disks, snapshots, virtual_machines
from farpoint.services.context import RegionContext
from farpoint.services.groups import require_group
from farpoint.services.listing import Element, OwnList, list_everywhere
from farpoint.services.references import COLLECTION_TYPE, DISK_TYPE, NETWORK_TYPES, SNAPSHOT_TYPE, VM_TYPE
from farpoint.services.replica_reads import without_instance_view

_PLACE_PARTS: Final = 3


def _disks(context: RegionContext, group: str | None, span: Span) -> Sequence[JsonObject]:
    return disk_documents(context, disks.list_disks(context, group=group, span=span))


def _vms(context: RegionContext, group: str | None, span: Span) -> Sequence[JsonObject]:
    found = virtual_machines.list_vms(context, group=group, span=span)
    return [vm_view(vm, subscription=context.subscription_id, instance_view=True) for vm in found]


def _collections(context: RegionContext, group: str | None, span: Span) -> Sequence[JsonObject]:
    found = collections.list_collections(context, group=group, span=span)
    return [collection_view(collection, subscription=context.subscription_id) for collection in found]


def _snapshots(context: RegionContext, group: str | None, span: Span) -> Sequence[JsonObject]:
    return snapshot_documents(context, snapshots.list_snapshots(context, group=group, span=span))


def _described(type_name: str) -> OwnList:
    def listed(context: RegionContext, group: str | None, span: Span) -> Sequence[JsonObject]:
        found = descriptions.list_descriptions(context, type_name=type_name, group=group, span=span)
        return [description_view(one, subscription=context.subscription_id) for one in found]

    return listed


#: How this region's own resources of each tracked type are listed; ``/resources`` lists these types.
OWN_LISTS: Final[Mapping[str, OwnList]] = {
    DISK_TYPE: _disks,
    VM_TYPE: _vms,
    COLLECTION_TYPE: _collections,
    SNAPSHOT_TYPE: _snapshots,
    **{type_name: _described(type_name) for type_name in NETWORK_TYPES},
}


def list_page(caller: Caller, type_name: str, *, group: str | None = None, expand: str = "") -> Response:
    """Answer with a page of the resources of one type; *expand* is the only thing that may be expanded, if any."""
    context = caller.context
    keep_views = bool(expand) and caller.expands(expand)
    if group is not None:
        group = require_group(context, group).name
    page = page_of(caller, parts=_PLACE_PARTS)
    after = (page.after[0], page.after[1], page.after[2]) if page.after else None
    found = list_everywhere(context, OWN_LISTS[type_name], type_name, group=group, after=after, limit=page.limit + 1)
    return page_answer(caller, page, _shown(context, found, keep_views=keep_views))


def _shown(context: RegionContext, found: Sequence[Element], *, keep_views: bool) -> Sequence[Element]:
    documents = [document if keep_views else without_instance_view(document) for _, document in found]
    return [(place, document) for (place, _), document in zip(found, mark_conflicts(context, documents), strict=True)]
