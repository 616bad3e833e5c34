"""The catalogue as peers pull it: what changed here since they last asked, each resource as it is now."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from farpoint.metadata.catalogue import changes_after, head
from farpoint.metadata.connection import Connection
from farpoint.metadata.database import Database
from farpoint.metadata.directory import get_record
from farpoint.model.catalogue import Change
from farpoint.model.documents import JsonObject
from farpoint.model.relay import CatalogueEntry, CataloguePage
from farpoint.peers.documents import encode_document
from farpoint.peers.protocol import CATALOGUE_BYTES_MAX, CATALOGUE_MAX

#: Returns the documents of a resource and of its parts, by its ARM id without subscription; none when it is gone.
DocumentsOf: TypeAlias = Callable[[str], Sequence[JsonObject]]


def catalogue_page(database: Database, documents_of: DocumentsOf, *, epoch: int, after: int, limit: int) -> CataloguePage:
    """Return the changes after the one numbered *after*, at most *limit*, fewer when their documents are large.

    A resource that changes again meanwhile is shown as it is when it is read; its newer change comes with a later page.
    """
    with database.read() as conn:
        newest = head(conn)
        changes = [change for change in changes_after(conn, after, min(limit, CATALOGUE_MAX)) if change.seq <= newest]
        known = [_record_entry(conn, change) for change in changes]
    entries: list[CatalogueEntry] = []
    room = CATALOGUE_BYTES_MAX
    for change, record in zip(changes, known, strict=True):
        # Changes of one number are never cut apart: the next page begins after the last number of this one.
        if room < 0 and entries[-1].seq != change.seq:
            break
        entry = record or _resource_entry(documents_of, change)
        room -= sum(len(encode_document(document)) for document in entry.documents)
        entries.append(entry)
    return CataloguePage(epoch=epoch, head=newest, entries=tuple(entries))


def _record_entry(conn: Connection, change: Change) -> CatalogueEntry | None:
    record = get_record(conn, change.arm_path)
    return None if record is None else CatalogueEntry(seq=change.seq, path=record.path, record=record)


def _resource_entry(documents_of: DocumentsOf, change: Change) -> CatalogueEntry:
    documents = () if change.deleted else documents_of(change.arm_path)
    return CatalogueEntry(seq=change.seq, path=change.arm_path, documents=tuple(documents))
