"""The activity log, asked as Azure Monitor's is: newest first, page by page."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, urlencode

from attrs import evolve
from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import json_answer
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import FILTERED, Shown, described
from farpoint.api.filters import Term, moment_of, parse_filter, unknown_term
from farpoint.api.paths import SUBSCRIPTION
from farpoint.api.views.activity import activity_view
from farpoint.model.activity import ActivityFilter
from farpoint.services.activity import list_activity
from farpoint.services.refusals import invalid

router = APIRouter()
#: As Azure's.
_PAGE_ENTRIES: Final = 200
_SKIP: Final = "$skiptoken"
#: How each condition narrows what is asked.
_CONDITIONS: Final[Mapping[tuple[str, str], Callable[[ActivityFilter, Term], ActivityFilter]]] = {
    ("eventtimestamp", "ge"): lambda asked, term: evolve(asked, since=moment_of(term)),
    ("eventtimestamp", "le"): lambda asked, term: evolve(asked, until=moment_of(term)),
    ("resourcegroupname", "eq"): lambda asked, term: evolve(asked, group=term.value),
    ("resourceuri", "eq"): lambda asked, term: evolve(asked, resource=term.value),
    ("resourceid", "eq"): lambda asked, term: evolve(asked, resource=term.value),
    ("resourceprovider", "eq"): lambda asked, term: evolve(asked, provider=term.value),
    ("correlationid", "eq"): lambda asked, term: evolve(asked, correlation_id=term.value),
    # Every entry is of these channels.
    ("eventchannels", "eq"): lambda asked, _term: asked,
}
_KNOWN: Final = "eventTimestamp (ge, le), resourceGroupName, resourceUri, resourceProvider, correlationId"


@router.get(
    f"{SUBSCRIPTION}/providers/microsoft.insights/eventtypes/management/values",
    openapi_extra=described(200, shows=Shown.LIST, query=FILTERED),
)
def list_events(caller: ArmCaller) -> Response:
    """List the write requests that this region was sent, as far as the caller may read what they were about."""
    found = list_activity(caller.context, _filter(caller), before=_before(caller), limit=_PAGE_ENTRIES + 1)
    shown = [entry for _, entry in found[:_PAGE_ENTRIES] if caller.may_read(entry.resource)]
    tenant = caller.context.tenant_id
    document: dict[str, object] = {"value": [activity_view(one, subscription=caller.subscription, tenant=tenant) for one in shown]}
    if len(found) > _PAGE_ENTRIES:
        document["nextLink"] = _next_link(caller, found[_PAGE_ENTRIES - 1][0])
    return json_answer(document)  # type: ignore[arg-type] # a JSON document by construction


def _filter(caller: Caller) -> ActivityFilter:
    asked = ActivityFilter()
    for term in parse_filter(caller.query.get("$filter"), known=_KNOWN):
        condition = _CONDITIONS.get((term.name, term.operator))
        if condition is None:
            raise unknown_term(term, _KNOWN)
        asked = condition(asked, term)
    return asked


def _before(caller: Caller) -> int | None:
    token = caller.query.get(_SKIP)
    if token is None:
        return None
    if not (token.isascii() and token.isdigit() and len(token) < 19):  # noqa: PLR2004 - fits into 64 bits
        raise invalid(_SKIP, "The token is not one of this list.", hint="Follow nextLink as it was given.")
    return int(token)


def _next_link(caller: Caller, last: int) -> str:
    query = {name: value for name, value in caller.query.items() if name != _SKIP} | {_SKIP: str(last)}
    return f"{caller.context.endpoint}{quote(caller.path)}?{urlencode(query, safe='$')}"
