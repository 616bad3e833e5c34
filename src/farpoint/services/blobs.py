"""What a signed URL shows: one page blob, the bytes of a disk with or without a VHD footer after them.

Looking a URL up is one short transaction; reading goes on without one, for as long as the client takes.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from attrs import frozen

from farpoint.codec.vhd import FOOTER_BYTES, encode_footer
from farpoint.disks.raw_contents import RawContents
from farpoint.disks.upload import Upload
from farpoint.errors import Code, RefusedError
from farpoint.keys.sas import SasToken
from farpoint.model.access import AccessGrant, AccessLevel, BlobFormat
from farpoint.movers.point_contents import PointContents
from farpoint.services.access_subjects import FileBytes, StoredBytes, Subject, subject_of
from farpoint.services.access_urls import grant_of
from farpoint.services.context import RegionContext

Buffer = bytes | bytearray | memoryview
_ZERO_FOOTER: Final = bytes(FOOTER_BYTES)


class Contents(Protocol):
    """The bytes of a disk: movers.point_contents, disks.raw_contents, disks.upload."""

    def read(self, offset_bytes: int, length_bytes: int) -> list[Buffer]:
        """Return the bytes of a range, in pieces, proven if they are from the vault."""
        ...

    def data_ranges(self, start_bytes: int, end_bytes: int) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of the stretches that may hold data and touch the range between two offsets, ascending, disjoint."""
        ...


@frozen(kw_only=True)
class BlobVersion:
    """Which contents a blob has; conditions are about these."""

    etag: str
    modified_at: dt.datetime
    sequence_number: int


@frozen(kw_only=True)
class Blob:
    """A blob, open. Whoever opened it closes it."""

    subject: Subject
    grant: AccessGrant
    contents: Contents
    version: BlobVersion
    #: What follows the disk's bytes: nothing, or a VHD footer.
    footer: bytes
    #: Lets go of what is open.
    close: Callable[[], None]

    @property
    def size_bytes(self) -> int:
        """Size of the blob."""
        return self.subject.size_bytes + len(self.footer)

    def read(self, offset_bytes: int, length_bytes: int) -> list[Buffer]:
        """Return the bytes of a range of the blob."""
        disk_end, end = self.subject.size_bytes, offset_bytes + length_bytes
        pieces = self.contents.read(offset_bytes, min(end, disk_end) - offset_bytes) if offset_bytes < disk_end else []
        if end > disk_end:
            pieces.append(self.footer[max(0, offset_bytes - disk_end) : end - disk_end])
        return pieces

    def data_ranges(self, start_bytes: int, end_bytes: int) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of the stretches that may hold data, cut to the range, those that touch joined into one."""
        yield from clip_ranges(self._ranges(start_bytes, end_bytes), start_bytes, end_bytes)

    def _ranges(self, start_bytes: int, end_bytes: int) -> Iterator[tuple[int, int]]:
        disk_end = self.subject.size_bytes
        if start_bytes < disk_end:
            yield from self.contents.data_ranges(start_bytes, min(end_bytes, disk_end))
        if self.footer and self.footer != _ZERO_FOOTER:
            yield disk_end, self.size_bytes


def clip_ranges(ranges: Iterator[tuple[int, int]], start_bytes: int, end_bytes: int) -> Iterator[tuple[int, int]]:
    """Cut ascending ranges to those between two offsets, and join those that touch."""
    first, last = 0, 0
    for low, high in ranges:
        start, end = max(low, start_bytes), min(high, end_bytes)
        if start >= end:
            continue
        if start > last > first:
            yield first, last
        first, last = (first if start <= last > first else start), end
    if last > first:
        yield first, last


def open_blob(context: RegionContext, token: SasToken) -> Blob:
    """Open what a URL shows, for reading. Raises RefusedError: AUTHENTICATION_FAILED, BLOB_NOT_FOUND; DISK_IN_USE and the like."""
    grant, subject = look_up(context, token)
    if isinstance(subject.contents, StoredBytes):
        return _open_stored(context, grant, subject, subject.contents)
    if grant.access is AccessLevel.WRITE:
        return _open_upload(context, token, grant, subject, subject.contents)
    return _open_file(grant, subject, subject.contents)


def look_up(context: RegionContext, token: SasToken) -> tuple[AccessGrant, Subject]:
    """Return the live grant behind a URL, and its resource."""
    with context.database.read() as conn:
        grant = grant_of(context, conn, token)
        subject = subject_of(conn, grant.subject_type, grant.subject)
    if subject is None:
        raise RefusedError(Code.BLOB_NOT_FOUND, "The specified blob does not exist.", hint="What was shared is gone.")
    return grant, subject


def version_of_upload(grant: AccessGrant, upload: Upload) -> BlobVersion:
    """Return the version of a blob that is being uploaded."""
    return _version(grant, upload.stamp, upload.modified_at)


def _version(grant: AccessGrant, contents: str, modified_at: dt.datetime) -> BlobVersion:
    return BlobVersion(etag=_etag_of(grant, contents), modified_at=modified_at, sequence_number=grant.sequence_number)


def _etag_of(grant: AccessGrant, contents: str) -> str:
    """Return the entity tag of a blob whose contents are named by *contents*."""
    return f'"0x{uuid.uuid5(grant.subject, f"{grant.format}/{contents}").hex[:16].upper()}"'


def _open_stored(context: RegionContext, grant: AccessGrant, subject: Subject, stored: StoredBytes) -> Blob:
    contents = PointContents(context.vault.reader(stored.scope), stored.state, disk=subject.disk, quarantine=context.vault.quarantine)
    version = _version(grant, stored.state.digest, stored.captured_at)
    footer = _footer(grant, subject, disk=_guid_of(stored.unique_id))
    return Blob(subject=subject, grant=grant, contents=contents, version=version, footer=footer, close=_nothing)


def _open_file(grant: AccessGrant, subject: Subject, file: FileBytes) -> Blob:
    contents = RawContents(file.path, size_bytes=subject.size_bytes)
    version = _version(grant, contents.stamp, contents.modified_at)
    footer = _footer(grant, subject, disk=subject.guid)
    return Blob(subject=subject, grant=grant, contents=contents, version=version, footer=footer, close=contents.close)


def _open_upload(context: RegionContext, token: SasToken, grant: AccessGrant, subject: Subject, file: FileBytes) -> Blob:
    upload = context.uploads.open(file.path, size_bytes=subject.size_bytes, check=lambda: look_up(context, token))
    footer = (grant.footer or _ZERO_FOOTER) if grant.format is BlobFormat.VHD else b""
    # The upload stays open: it is the grant's, not this request's.
    return Blob(subject=subject, grant=grant, contents=upload, version=version_of_upload(grant, upload), footer=footer, close=_nothing)


def _footer(grant: AccessGrant, subject: Subject, *, disk: uuid.UUID) -> bytes:
    return encode_footer(size_bytes=subject.size_bytes, disk=disk) if grant.format is BlobFormat.VHD else b""


def _guid_of(unique_id: str) -> uuid.UUID:
    """Return a disk's unique id as a GUID; one that is none (of another make of region, say) is turned into one."""
    try:
        return uuid.UUID(unique_id)
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_OID, unique_id)


def _nothing() -> None:
    """Nothing is held open."""
