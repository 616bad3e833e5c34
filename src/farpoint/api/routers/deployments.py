"""Deployments, as far as ``az vm create --attach-os-disk`` needs them: each literal resource of a template is PUT, one after the other."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from farpoint.api.answers import empty_answer, json_answer, list_answer
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import Shown, described
from farpoint.api.inner_call import call_inside
from farpoint.api.paths import DEPLOYMENT, DEPLOYMENTS
from farpoint.api.schemas.deployments import DeploymentBody, TemplateResource, parse_deployment
from farpoint.api.schemas.names import check_deployment_name
from farpoint.api.views.descriptions import description_id
from farpoint.api.views.text import arm_time
from farpoint.model.descriptions import Description
from farpoint.model.documents import JsonObject
from farpoint.services import descriptions
from farpoint.services.descriptions import DescriptionRequest
from farpoint.services.groups import require_group

router = APIRouter()
_TYPE = "Microsoft.Resources/deployments"


@router.put(DEPLOYMENT, openapi_extra=described(200, 201, body=DeploymentBody))
async def put_deployment(caller: ArmCaller, request: Request, group: str, deployment: str, body: Body) -> Response:
    """PUT every resource; the first that is refused ends the deployment with its own answer. Done when it is answered."""
    check_deployment_name(deployment)
    resources = parse_deployment(body, subscription=caller.subscription, group=group)
    for resource in resources:
        query = {"api-version": resource.api_version}
        answer = await call_inside(request.app, request.scope, path=str(resource.id), query=query, document=resource.document)
        if answer.status >= 400:  # noqa: PLR2004 - the first status that is an error
            return Response(answer.body, status_code=answer.status, media_type="application/json; charset=utf-8")
    put = await run_in_threadpool(descriptions.put_description, caller.context, _described(caller, resources, group=group, name=deployment))
    return json_answer(_show(caller, put.resource), status=201 if put.created else 200)


@router.post(f"{DEPLOYMENT}/validate", openapi_extra=described(200, shows=Shown.ANYTHING, body=DeploymentBody))
def validate_deployment(caller: ArmCaller, group: str, deployment: str, body: Body) -> Response:
    """Tell whether the template could be read; what each resource says is told by deploying."""
    check_deployment_name(deployment)
    require_group(caller.context, group)
    resources = parse_deployment(body, subscription=caller.subscription, group=group)
    return json_answer({"name": deployment, "type": _TYPE, "properties": _properties(caller, resources)})


@router.get(DEPLOYMENT, openapi_extra=described(200))
def get_deployment(caller: ArmCaller, group: str, deployment: str) -> Response:
    """Show a deployment."""
    return json_answer(_show(caller, descriptions.get_description(caller.context, type_name=_TYPE, group=group, name=deployment)))


@router.get(DEPLOYMENTS, openapi_extra=described(200, shows=Shown.LIST))
def list_deployments(caller: ArmCaller, group: str) -> Response:
    """List the deployments of a group that this region was asked for."""
    group = require_group(caller.context, group).name
    found = descriptions.list_descriptions(caller.context, type_name=_TYPE, group=group)
    return list_answer(caller, [_show(caller, one) for one in found])


@router.delete(DEPLOYMENT, openapi_extra=described(204, shows=Shown.NOTHING))
def delete_deployment(caller: ArmCaller, group: str, deployment: str) -> Response:
    """Forget a deployment; what it made stays."""
    descriptions.delete_description(caller.context, type_name=_TYPE, group=group, name=deployment)
    return empty_answer(204)


def _described(caller: Caller, resources: tuple[TemplateResource, ...], *, group: str, name: str) -> DescriptionRequest:
    properties = _properties(caller, resources)
    return DescriptionRequest(type=_TYPE, group=group, name=name, location=caller.context.name, tags={}, properties=properties)


def _properties(caller: Caller, resources: tuple[TemplateResource, ...]) -> JsonObject:
    return {
        "provisioningState": "Succeeded",
        "mode": "Incremental",
        "timestamp": arm_time(caller.context.clock.now()),
        "outputs": {},
        "outputResources": [{"id": str(resource.id)} for resource in resources],
    }


def _show(caller: Caller, deployment: Description) -> JsonObject:
    """Show the deployment; it has no location of its own."""
    arm_id = description_id(deployment, subscription=caller.subscription)
    return {"id": str(arm_id), "name": deployment.name, "type": _TYPE, "properties": deployment.properties}
