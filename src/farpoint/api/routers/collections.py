"""Restore point collections: synchronous, but for DELETE."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import deletion_answer, json_answer
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller
from farpoint.api.described import PAGED, Shown, described, expand
from farpoint.api.lists import list_page
from farpoint.api.paths import ALL, COLLECTION, IN_GROUP
from farpoint.api.schemas.collections import CollectionBody, CollectionPatch, parse_collection, parse_collection_patch
from farpoint.api.views.collections import collection_view
from farpoint.services import collections, points
from farpoint.services.references import COLLECTION_TYPE

router = APIRouter()


@router.put(COLLECTION, openapi_extra=described(200, 201, body=CollectionBody))
def put_collection(caller: ArmCaller, group: str, collection: str, body: Body) -> Response:
    """Create a collection, or change its tags."""
    put = collections.put_collection(caller.context, parse_collection(body, group=group, name=collection))
    return json_answer(collection_view(put.resource, subscription=caller.subscription), status=201 if put.created else 200)


@router.patch(COLLECTION, openapi_extra=described(200, body=CollectionPatch))
def patch_collection(caller: ArmCaller, group: str, collection: str, body: Body) -> Response:
    """Change a collection's tags."""
    changed = collections.patch_collection(caller.context, group=group, name=collection, change=parse_collection_patch(body))
    return json_answer(collection_view(changed, subscription=caller.subscription))


@router.get(COLLECTION, openapi_extra=described(200, query=(expand("restorePoints"),)))
def get_collection(caller: ArmCaller, group: str, collection: str) -> Response:
    """Show a collection, with its restore points when asked."""
    expanded = caller.expands("restorePoints")
    found = collections.get_collection(caller.context, group=group, name=collection)
    shown = points.list_points(caller.context, found) if expanded else None
    return json_answer(collection_view(found, subscription=caller.subscription, points=shown))


@router.delete(COLLECTION, openapi_extra=described(202, 204, shows=Shown.NOTHING))
def delete_collection(caller: ArmCaller, group: str, collection: str) -> Response:
    """Delete a collection with all its restore points."""
    operation = collections.delete_collection(caller.context, group=group, name=collection, principal=caller.principal)
    return deletion_answer(caller.context, operation, api_version=caller.api_version)


@router.get(f"{IN_GROUP}/restorepointcollections", openapi_extra=described(200, shows=Shown.LIST, query=PAGED))
def list_collections_of_group(caller: ArmCaller, group: str) -> Response:
    """List the collections of a group, of all regions."""
    return list_page(caller, COLLECTION_TYPE, group=group)


@router.get(f"{ALL}/restorepointcollections", openapi_extra=described(200, shows=Shown.LIST, query=PAGED))
def list_collections(caller: ArmCaller) -> Response:
    """List the collections of all regions."""
    return list_page(caller, COLLECTION_TYPE)
