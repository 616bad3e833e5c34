"""``farpoint activity``: who changed what, in which region, and what came of it."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Final

from cyclopts import Parameter

from farpoint.cli.arm import ArmClient
from farpoint.cli.console import Grid
from farpoint.cli.documents import moment, text
from farpoint.cli.options import SHARED, SharedOptions
from farpoint.cli.session import Session, open_session
from farpoint.model.documents import JsonObject

_TITLES: Final = ("TIME", "REGION", "CLIENT", "ADDRESS", "ACTION", "RESOURCE", "STATUS")


def activity(
    *,
    hours: Annotated[float, Parameter(name="--hours", help="How far back.")] = 24,
    everywhere: Annotated[bool, Parameter(name="--all-groups", negative=(), help="Of all groups, not only of --group.")] = False,
    shared: SharedOptions = SHARED,
) -> None:
    """Show the write requests of clients, newest first, refused ones too."""
    with open_session(shared) as session:
        since = session.clock.now() - dt.timedelta(hours=hours)
        conditions = [f"eventTimestamp ge '{since:%Y-%m-%dT%H:%M:%SZ}'"]
        if not everywhere:
            group = session.group.replace("'", "''")
            conditions.append(f"resourceGroupName eq '{group}'")
        logs = _logs(session, " and ".join(conditions))
        # A request that one region handed to another is in the logs of both.
        once = {_request_of(event): event for log in logs for event in log}
        events = sorted(once.values(), key=lambda event: text(event, "eventTimestamp"), reverse=True)
        session.console.show_list(events, Grid(titles=_TITLES, rows=[_row(event) for event in events]))


def _logs(session: Session, conditions: str) -> Sequence[Sequence[JsonObject]]:
    """Return the events of the region the caller named, or of each."""
    if session.region:
        return [_events(session.fleet.region(session.region), conditions)]
    return [found.value for found in session.fleet.ask_each(lambda client: _events(client, conditions)).found]


def _events(client: ArmClient, conditions: str) -> Sequence[JsonObject]:
    path = client.subscription_path("providers", "Microsoft.Insights", "eventtypes", "management", "values")
    return client.pages(path, filter=conditions)


def _request_of(event: JsonObject) -> tuple[str, ...]:
    return text(event, "correlationId"), text(event, "operationName", "value"), text(event, "resourceId").lower()


def _row(event: JsonObject) -> tuple[str, ...]:
    code = text(event, "properties", "errorCode")
    status = text(event, "status", "value")
    return (
        moment(event, "eventTimestamp"),
        text(event, "farpoint", "region"),
        text(event, "claims", "appid") or "?",
        text(event, "httpRequest", "clientIpAddress"),
        text(event, "operationName", "value"),
        _short(text(event, "resourceId")),
        f"{status}: {code}" if code else status,
    )


def _short(resource: str) -> str:
    """Return what a resource id says beyond subscription, group and provider, which are the same in most rows."""
    return resource.rpartition("/providers/")[2].partition("/")[2] or resource
