"""Restore points: created here, copied here, shown with live progress, verified, deleted."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import deletion_answer, empty_answer, json_answer, operation_headers
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller
from farpoint.api.described import Shown, described, expand, flag
from farpoint.api.paths import POINT, point_arm_id
from farpoint.api.schemas.points import PointBody, parse_point
from farpoint.api.views.points import point_view
from farpoint.services import new_copy, new_point, points, verification
from farpoint.services.new_copy import CopyRequest
from farpoint.services.refusals import invalid

router = APIRouter()


@router.put(POINT, openapi_extra=described(201, body=PointBody))
def put_point(caller: ArmCaller, group: str, collection: str, point: str, body: Body) -> Response:
    """Create or copy a restore point; always 201, the only status clients take, and no Location (azure-wire §1.1)."""
    request = parse_point(body, group=group, collection=collection, name=point)
    if isinstance(request, CopyRequest):
        put = new_copy.copy_point(caller.context, request, principal=caller.principal)
    else:
        put = new_point.create_point(caller.context, request, principal=caller.principal)
    document = point_view(put.resource, subscription=caller.subscription)
    if put.operation is None:
        return json_answer(document, status=201)
    headers = operation_headers(caller.context, put.operation, api_version=caller.api_version, location=False)
    return json_answer(document, status=201, headers=headers)


@router.get(POINT, openapi_extra=described(200, query=(expand("instanceView"),)))
def get_point(caller: ArmCaller, group: str, collection: str, point: str) -> Response:
    """Show a restore point, with its live state when asked."""
    expanded = caller.expands("instanceView")
    details = points.get_point(caller.context, group=group, collection=collection, name=point)
    return json_answer(point_view(details, subscription=caller.subscription, expand_instance_view=expanded))


@router.delete(POINT, openapi_extra=described(202, 204, shows=Shown.NOTHING))
def delete_point(caller: ArmCaller, group: str, collection: str, point: str) -> Response:
    """Delete a restore point; no other point is touched."""
    operation = points.delete_point(caller.context, group=group, collection=collection, name=point, principal=caller.principal)
    return deletion_answer(caller.context, operation, api_version=caller.api_version)


@router.post(f"{POINT}/verify", openapi_extra=described(202, shows=Shown.NOTHING, query=(flag("full"),)))
def verify_point(caller: ArmCaller, group: str, collection: str, point: str) -> Response:
    """Prove that a restore point is whole; ``?full=true`` reads every byte again."""
    arm_id = point_arm_id(subscription=caller.subscription, group=group, collection=collection, point=point)
    full = _flag(caller.query.get("full", "false"))
    operation = verification.verify_point(caller.context, arm_id, full=full, principal=caller.principal)
    return empty_answer(202, headers=operation_headers(caller.context, operation, api_version=caller.api_version, location=True))


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise invalid("full", f"'{text:.50}' is neither true nor false.", hint="Ask for ?full=true, or leave it out.")
    return text.lower() == "true"
