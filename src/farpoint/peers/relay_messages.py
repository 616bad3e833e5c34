"""Messages of the calls ``catalogue``, ``tell`` and ``forward``, both directions side by side as in messages.py."""

from collections.abc import Sequence
from typing import Final

from farpoint.model.arm_id import parse_arm_id
from farpoint.model.directory import DirectoryRecord
from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId
from farpoint.model.relay import CatalogueEntry, CataloguePage, RelayedAnswer, RelayedRequest
from farpoint.peers.documents import Fields, blob_text
from farpoint.peers.protocol import HEADERS_MAX, TEXT_LENGTH_MAX

#: A token is about 700 characters, an operation's URL 300; a query may be as long as a URL gets.
_LONG_TEXT_MAX: Final = 16 * TEXT_LENGTH_MAX


def record_to_json(record: DirectoryRecord) -> JsonObject:
    """Write a directory record."""
    return {
        "kind": record.kind,
        "path": record.path,
        "version": record.version,
        "origin": str(record.origin),
        "deleted": record.deleted,
        "body": record.body,
    }


def record_from_json(fields: Fields) -> DirectoryRecord:
    """Read a directory record."""
    return DirectoryRecord(
        kind=fields.text("kind"),
        path=fields.text("path"),
        version=fields.whole("version"),
        origin=RegionId(fields.guid("origin")),
        deleted=fields.flag("deleted"),
        body=fields.inner("body").document,
    )


def page_to_json(page: CataloguePage) -> JsonObject:
    """Write a page of a catalogue."""
    return {"epoch": page.epoch, "head": page.head, "entries": [_entry_to_json(entry) for entry in page.entries]}


def page_from_json(fields: Fields) -> CataloguePage:
    """Read a page of a catalogue."""
    entries = tuple(_entry_from_json(entry) for entry in fields.inners("entries"))
    return CataloguePage(epoch=fields.whole("epoch"), head=fields.whole("head"), entries=entries)


def _entry_to_json(entry: CatalogueEntry) -> JsonObject:
    record = None if entry.record is None else record_to_json(entry.record)
    return {"seq": entry.seq, "path": entry.path, "documents": list(entry.documents), "record": record}


def _entry_from_json(fields: Fields) -> CatalogueEntry:
    record, documents, path = fields.inner_or_none("record"), fields.inners("documents"), fields.text("path")
    if documents:
        # What is not the path of a resource raises ValueError.
        parse_arm_id(f"/subscriptions/-{path}")
    for document in documents:
        document.text("name")
    return CatalogueEntry(
        seq=fields.whole("seq"),
        path=path,
        documents=tuple(document.document for document in documents),
        record=None if record is None else record_from_json(record),
    )


def relayed_request_to_json(request: RelayedRequest) -> JsonObject:
    """Write a forwarded request."""
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": _headers_to_json(request.headers),
        "body": blob_text(request.body),
        "client": request.client,
    }


def relayed_request_from_json(fields: Fields) -> RelayedRequest:
    """Read a forwarded request."""
    return RelayedRequest(
        method=fields.text("method"),
        path=fields.text("path", length_max=_LONG_TEXT_MAX),
        query=_text_or_empty(fields, "query"),
        headers=_headers_from_json(fields),
        body=fields.blob("body"),
        client=fields.text_or_empty("client"),
    )


def relayed_answer_to_json(answer: RelayedAnswer) -> JsonObject:
    """Write the answer to a forwarded request."""
    return {"status": answer.status, "headers": _headers_to_json(answer.headers), "body": blob_text(answer.body)}


def relayed_answer_from_json(fields: Fields) -> RelayedAnswer:
    """Read the answer to a forwarded request."""
    return RelayedAnswer(status=fields.whole("status"), headers=_headers_from_json(fields), body=fields.blob("body"))


def _headers_to_json(headers: Sequence[tuple[str, str]]) -> list[JsonObject]:
    return [{"name": name, "value": value} for name, value in headers]


def _headers_from_json(fields: Fields) -> tuple[tuple[str, str], ...]:
    listed = fields.inners("headers")
    if len(listed) > HEADERS_MAX:
        message = f"field 'headers' must be a list of at most {HEADERS_MAX} headers"
        raise ValueError(message)
    return tuple((one.text("name"), _text_or_empty(one, "value")) for one in listed)


def _text_or_empty(fields: Fields, name: str) -> str:
    return fields.text(name, length_max=_LONG_TEXT_MAX) if fields.document.get(name) else ""
