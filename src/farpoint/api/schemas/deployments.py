"""Bodies of deployments: a template whose resources are literal, as ``az vm create`` sends it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, cast

from attrs import frozen
from pydantic import Field

from farpoint.api.body import parse_body
from farpoint.api.schemas.shape import OpenShape, Shape
from farpoint.errors import Code, RefusedError
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.services.json_reading import without
from farpoint.services.references import NETWORK_TYPES, VM_TYPE

_RESOURCES: Final = "properties.template.resources"
_RESOURCES_MAX: Final = 100
#: Types whose PUT is answered when it is done: a deployment is, too, so it can wait for nothing.
_TYPES: Final = (VM_TYPE, *NETWORK_TYPES)


class _Resource(OpenShape):
    type: Annotated[str, Field(max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    api_version: Annotated[str, Field(max_length=40)]


class _Template(Shape):
    resources: Annotated[list[_Resource], Field(max_length=_RESOURCES_MAX)]


class _Properties(Shape):
    template: _Template
    mode: str = "Incremental"


class DeploymentBody(Shape):
    """A deployment and its template."""

    properties: _Properties


@frozen(kw_only=True)
class TemplateResource:
    """One resource to be PUT."""

    id: ArmId
    api_version: str
    document: JsonObject


def parse_deployment(body: bytes, *, subscription: str, group: str) -> tuple[TemplateResource, ...]:
    """Parse a PUT; return the resources in the template's order."""
    given = parse_body(DeploymentBody, body).properties
    if given.mode.lower() != "incremental":
        raise _refused("properties.mode", f"Mode '{given.mode:.50}' would delete what the template does not name.", hint="Use Incremental.")
    return tuple(
        _resource(resource, f"{_RESOURCES}[{number}]", subscription=subscription, group=group)
        for number, resource in enumerate(given.template.resources)
    )


def _resource(given: _Resource, target: str, *, subscription: str, group: str) -> TemplateResource:
    known = next((name for name in _TYPES if name.lower() == given.type.lower()), None)
    if known is None:
        hint = f"A template may have {', '.join(_TYPES)}; PUT other resources one by one."
        raise _refused(f"{target}.type", f"'{given.type}' cannot be deployed by a template here.", hint=hint)
    document = without(cast("JsonObject", given.model_extra or {}), "dependsOn", "copy", "comments")
    _refuse_expressions({**document, "name": given.name}, target)
    namespace, _, segment = known.partition("/")
    arm_id = ArmId(subscription=subscription, group=group, namespace=namespace, path=((segment, given.name),))
    return TemplateResource(id=arm_id, api_version=given.api_version, document=document)


def _refuse_expressions(value: object, target: str) -> None:
    """Refuse ``[…]``: nothing here evaluates a template's functions."""
    if isinstance(value, str) and value.startswith("[") and not value.startswith("[["):
        message = f"'{value:.100}' is a template expression."
        raise _refused(target, message, hint="Write the value itself: expressions are not evaluated here.")
    if isinstance(value, Mapping):
        for key, below in value.items():
            _refuse_expressions(below, f"{target}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, below in enumerate(value):
            _refuse_expressions(below, f"{target}[{number}]")


def _refused(target: str, message: str, *, hint: str) -> RefusedError:
    return RefusedError(Code.INVALID_TEMPLATE, f"Deployment template validation failed: {message}", hint=hint, target=target)
