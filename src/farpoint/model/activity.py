"""One entry of the activity log: a write request, who sent it, and what came of it."""

import datetime as dt
import re
import uuid
from typing import Final

from attrs import frozen

_GROUP: Final = re.compile(r"/subscriptions/[^/]+/resourceGroups/([^/]+)", re.IGNORECASE)


@frozen(kw_only=True)
class Activity:
    """A write request that was answered."""

    id: uuid.UUID
    at: dt.datetime
    #: Object id and name of the client; empty when its token was not accepted.
    principal: str
    client_name: str
    #: As in roles: ``Microsoft.Compute/disks/write``.
    action: str
    #: What it was about: its scope.
    resource: str
    method: str
    #: Address the request came from.
    address: str
    #: Region that was asked.
    region: str
    #: HTTP status of the answer, and the code of the error if it is one.
    status: int
    code: str
    correlation_id: str
    request_id: str
    #: Id the client gave the request, empty without one.
    client_request_id: str
    #: Operation that the request started, empty when it started none.
    operation_id: str

    @property
    def group(self) -> str:
        """Resource group of the resource, empty when it is in none."""
        matched = _GROUP.match(self.resource)
        return "" if matched is None else matched[1]


@frozen(kw_only=True)
class ActivityFilter:
    """Which entries are asked for; what is empty or None does not matter."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    #: Lower-case.
    group: str = ""
    resource: str = ""
    provider: str = ""
    correlation_id: str = ""
