"""Directory records: small things that every region holds a copy of, such as resource groups and role assignments.

Any region may write one at any time, also cut off from the others. Whenever two versions meet, both sides keep the same one, in
whatever order versions arrive and however often: the higher version, then the higher region id. A deleted record stays as a
tombstone, so that an older version cannot bring it back.
"""

import uuid
from typing import Final

from attrs import Factory, field, frozen
from attrs.validators import ge

from farpoint.model.documents import JsonObject, canonical_json
from farpoint.model.ids import RegionId

_NAMESPACE: Final = uuid.UUID("8f0f6d62-53a3-5c0c-9d33-0d5e4a8b7c11")


@frozen(kw_only=True)
class DirectoryRecord:
    """One version of one record."""

    #: What it describes: ``group``, ``roleAssignment``. Text, for a newer region may hold kinds that this one only passes on.
    kind: str
    #: ARM id without its subscription, as created: ``/resourceGroups/web``.
    path: str
    version: int = field(validator=ge(0))
    #: Region that wrote this version.
    origin: RegionId
    deleted: bool = False
    body: JsonObject = Factory(dict)

    @property
    def key(self) -> str:
        """The form in which records are compared: two records with one key are versions of each other."""
        return self.path.lower()

    @property
    def guid(self) -> uuid.UUID:
        """A GUID that is the same in every region."""
        return uuid.uuid5(_NAMESPACE, self.key)


def newer(one: DirectoryRecord, other: DirectoryRecord) -> DirectoryRecord:
    """Return the version that every region keeps of the two."""
    return max(one, other, key=_rank)


def _rank(record: DirectoryRecord) -> tuple[int, uuid.UUID, bool, str, bytes]:
    # A region numbers its own versions, so version and region decide; the rest only makes the order total, come what may.
    return record.version, record.origin, record.deleted, record.path, canonical_json(record.body)
