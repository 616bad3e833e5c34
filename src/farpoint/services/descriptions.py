"""Networks, interfaces and deployments: kept as given, shown as kept. Nothing here carries them out."""

from collections.abc import Sequence
from contextlib import nullcontext

from attrs import evolve, frozen

from farpoint.metadata import descriptions
from farpoint.model.arm_id import ArmId
from farpoint.model.descriptions import Description
from farpoint.model.documents import JsonObject
from farpoint.model.ids import DescriptionId
from farpoint.model.spans import WHOLE, Span
from farpoint.services.context import RegionContext
from farpoint.services.groups import open_group, require_group
from farpoint.services.outcome import Put
from farpoint.services.ownership import is_owned_type, own_name
from farpoint.services.references import require_own_location
from farpoint.services.refusals import resource_missing


@frozen(kw_only=True)
class DescriptionRequest:
    """A PUT of something that is only described."""

    type: str
    group: str
    name: str
    location: str
    tags: JsonObject
    properties: JsonObject


def put_description(context: RegionContext, request: DescriptionRequest) -> Put[Description]:
    """Keep it, in place of what there was."""
    require_own_location(context, request.location)
    group = require_group(context, request.group).name
    # A deployment stays where it was asked for: its name is each region's own.
    name = own_name(context, _arm_id(context, request.type, group, request.name)) if is_owned_type(request.type) else nullcontext()
    with name, context.database.write() as conn:
        open_group(conn, group)
        existing = descriptions.get_description(conn, type_name=request.type, group=group, name=request.name)
        made = Description(
            id=DescriptionId(context.entropy.guid()) if existing is None else existing.id,
            type=request.type,
            group=group,
            name=request.name if existing is None else existing.name,
            location=request.location,
            tags=request.tags,
            properties=request.properties,
        )
        if existing is None:
            descriptions.insert_description(conn, made)
        else:
            descriptions.update_description(conn, made)
    return Put(resource=made, created=existing is None)


def patch_description(context: RegionContext, *, type_name: str, group: str, name: str, tags: JsonObject | None) -> Description:
    """Change the tags; None leaves them."""
    with context.database.write() as conn:
        found = descriptions.get_description(conn, type_name=type_name, group=group, name=name)
        if found is None:
            raise resource_missing(_arm_id(context, type_name, group, name))
        changed = found if tags is None else evolve(found, tags=tags)
        descriptions.update_description(conn, changed)
    return changed


def get_description(context: RegionContext, *, type_name: str, group: str, name: str) -> Description:
    """Return it, or refuse with ResourceNotFound."""
    with context.database.read() as conn:
        found = descriptions.get_description(conn, type_name=type_name, group=group, name=name)
    if found is None:
        raise resource_missing(_arm_id(context, type_name, group, name))
    return found


def list_descriptions(context: RegionContext, *, type_name: str, group: str | None = None, span: Span = WHOLE) -> Sequence[Description]:
    """Return the region's own of a type, in one group or in all, or a stretch of them."""
    with context.database.read() as conn:
        return descriptions.list_descriptions(conn, type_name=type_name, group=group, span=span)


def delete_description(context: RegionContext, *, type_name: str, group: str, name: str) -> bool:
    """Forget it. Return False when there was none."""
    with context.database.write() as conn:
        found = descriptions.get_description(conn, type_name=type_name, group=group, name=name)
        if found is not None:
            descriptions.delete_description(conn, found.id)
    return found is not None


def _arm_id(context: RegionContext, type_name: str, group: str, name: str) -> ArmId:
    namespace, _, segment = type_name.partition("/")
    return ArmId(subscription=context.subscription_id, group=group, namespace=namespace, path=((segment, name),))
