"""Showing that a name is used by several regions: made while they were cut off from each other, both resources are kept."""

import json
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from farpoint.model.arm_id import parse_arm_id
from farpoint.model.documents import JsonObject
from farpoint.services.context import RegionContext
from farpoint.services.json_reading import text_at
from farpoint.services.replica_reads import name_conflicts, with_farpoint

_OK = 200


def mark_conflicts(context: RegionContext, documents: Sequence[JsonObject]) -> list[JsonObject]:
    """Return *documents*, each resource whose name several regions use marked with those regions."""
    ids = {place: parse_arm_id(text_at(document, "id") or "") for place, document in enumerate(documents)}
    conflicts = name_conflicts(context, tuple(ids.values()))
    return [_marked(document, conflicts.get(ids[place].key)) for place, document in enumerate(documents)]


def _marked(document: JsonObject, regions: Sequence[str] | None) -> JsonObject:
    return document if regions is None else with_farpoint(document, nameConflict=list(regions))


class ConflictMarker:
    """Marks the answer to a GET of one resource on its way out."""

    def __init__(self, regions: Sequence[str], send: Send) -> None:
        """Send on through *send*; *regions* are those that use the name."""
        self._regions = sorted(regions)
        self._send = send
        self._start: Message = {}
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Pass the answer on once it is whole."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = bytes(self._body)
        if self._start["status"] == _OK:
            body = json.dumps(_marked(json.loads(body), self._regions), separators=(",", ":"), ensure_ascii=False).encode()
            MutableHeaders(scope=self._start)["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})
