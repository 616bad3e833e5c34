"""Writing the bytes of a disk that awaits its upload, through a URL that was granted for writing.

Each change is made in the upload's turn, so that what a condition looked at is what is changed. The footer of a VHD is kept in the
grant and never reaches the disk's file.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from farpoint.codec.vhd import FOOTER_BYTES, check_footer
from farpoint.disks.upload import Upload
from farpoint.errors import Code, FarpointError, RefusedError
from farpoint.keys.sas import SasToken
from farpoint.metadata import access_grants
from farpoint.model.access import AccessGrant, BlobFormat
from farpoint.model.operations import Failure
from farpoint.services.access_subjects import FileBytes, Subject
from farpoint.services.access_urls import refuse_reader
from farpoint.services.blobs import BlobVersion, look_up, version_of_upload
from farpoint.services.context import RegionContext

#: Largest sequence number: Azure's limit, and the database's.
_SEQUENCE_MAX: Final = (1 << 63) - 1
#: Sets a blob's sequence number from what the request gives and what it is: x-ms-sequence-number-action.
SEQUENCE_ACTIONS: Final[Mapping[str, Callable[[int, int], int]]] = {
    "update": lambda given, _old: given,
    "max": max,
    "increment": lambda _given, old: old + 1,
}
#: Raises when the blob is not what the request takes it to be.
Check = Callable[[BlobVersion], None]


@frozen(kw_only=True)
class PageChange:
    """New bytes for a range of the blob; without *data* it is cleared."""

    offset_bytes: int
    length_bytes: int
    data: memoryview | None


@contextmanager
def starting_upload(context: RegionContext, subject: Subject, check: Callable[[], object]) -> Iterator[None]:
    """Open and lock the file of a disk, and keep writers out while the caller grants access Write; the first grant finds zeros.

    In this turn *check* refuses a disk that may not be written, whose upload has ended perhaps, and it is looked whether the grant
    is the first: what was written after another request's grant stays.
    """
    try:
        with _open_turn(context, subject) as upload:
            check()
            if _grant_of(context, subject) is None:
                upload.clear_all()
            yield
    except FarpointError:
        if _grant_of(context, subject) is None:
            # A crash right here leaves an empty file of a disk that awaits its upload: what it was.
            drop_upload(context, subject)
        raise


@contextmanager
def ending_upload(context: RegionContext, subject: Subject) -> Iterator[Failure | None]:
    """Keep writers out while the caller revokes the grant and, unless there is a failure, opens the disk for use.

    What was written is durable and a VHD's footer was checked when the block is entered, or the failure says why not.
    """
    try:
        upload = _open(context, subject)
    except FarpointError as error:
        # Somebody took the file away: revoking must not depend on it.
        yield Failure.of(error)
        return
    # Most of it without keeping writers waiting; when it fails, the second one fails as well, and tells.
    with suppress(FarpointError):
        upload.sync()
    with upload.turn:
        # As the last write left it: its footer is part of it.
        yield _failure_of(upload, subject, _grant_of(context, subject))
        drop_upload(context, subject)


def drop_upload(context: RegionContext, subject: Subject) -> None:
    """Let go of the file of a disk that nobody uploads any more."""
    context.uploads.discard(_path_of(subject))


def require_writer(context: RegionContext, token: SasToken) -> None:
    """Refuse a URL that is not good for writing, now."""
    grant, _ = look_up(context, token)
    refuse_reader(grant)


def write_pages(context: RegionContext, token: SasToken, change: PageChange, check: Check) -> BlobVersion:
    """Write or clear a range of the blob. It is durable when the access has been revoked, not before."""
    with _turn(context, token) as turn:
        check(turn.version)
        disk_end = turn.subject.size_bytes
        _refuse_beyond(change, disk_end + (FOOTER_BYTES if turn.grant.format is BlobFormat.VHD else 0))
        on_disk = max(0, min(change.length_bytes, disk_end - change.offset_bytes))
        if on_disk and change.data is None:
            turn.upload.clear(change.offset_bytes, on_disk)
        elif on_disk and change.data is not None:
            turn.upload.write(change.offset_bytes, change.data[:on_disk])
        if on_disk == change.length_bytes:
            return turn.version
        # Pages and footer are both 512 bytes long and lie on multiples of it: the rest is the whole footer.
        return turn.keep(footer=None if change.data is None else bytes(change.data[on_disk:]))


def create_blob(context: RegionContext, token: SasToken, *, size_bytes: int, sequence_number: int, check: Check) -> BlobVersion:
    """Begin the upload anew: all zeros. The size must be the one the disk was created for."""
    with _turn(context, token) as turn:
        check(turn.version)
        expected = turn.subject.size_bytes + (FOOTER_BYTES if turn.grant.format is BlobFormat.VHD else 0)
        if size_bytes != expected:
            message = f"The blob has {expected} bytes and cannot be made with {size_bytes}."
            hint = "Upload a disk of the size it was created for: uploadSizeBytes, the footer of a VHD included."
            raise RefusedError(Code.INVALID_HEADER_VALUE, message, hint=hint, target="x-ms-blob-content-length")
        turn.upload.clear_all()
        return turn.keep(footer=None, sequence_number=sequence_number)


def set_sequence_number(context: RegionContext, token: SasToken, *, action: str, given: int, check: Check) -> BlobVersion:
    """Change the blob's sequence number by one of SEQUENCE_ACTIONS."""
    with _turn(context, token) as turn:
        check(turn.version)
        number = SEQUENCE_ACTIONS[action](given, turn.grant.sequence_number)
        if number > _SEQUENCE_MAX:
            message = f"The blob's sequence number is {_SEQUENCE_MAX} and cannot be greater."
            raise RefusedError(Code.INVALID_HEADER_VALUE, message, hint="Set it with update.", target="x-ms-sequence-number-action")
        return turn.keep(footer=turn.grant.footer, sequence_number=number)


@frozen(kw_only=True)
class _Turn:
    """One request's turn to change a blob."""

    context: RegionContext
    grant: AccessGrant
    subject: Subject
    upload: Upload

    @property
    def version(self) -> BlobVersion:
        return version_of_upload(self.grant, self.upload)

    def keep(self, *, footer: bytes | None, sequence_number: int | None = None) -> BlobVersion:
        """Store what changed beside the file; return the blob's new version."""
        number = self.grant.sequence_number if sequence_number is None else sequence_number
        with self.context.database.write() as conn:
            access_grants.update_upload(conn, self.grant.id, sequence_number=number, footer=footer)
        self.upload.touch()
        return evolve(self, grant=evolve(self.grant, sequence_number=number, footer=footer)).version


@contextmanager
def _turn(context: RegionContext, token: SasToken) -> Iterator[_Turn]:
    """Wait for this request's turn. A grant that was revoked meanwhile is refused: revoking takes a turn, too."""
    grant, subject = look_up(context, token)
    refuse_reader(grant)
    upload = _open(context, subject, check=lambda: look_up(context, token))
    with upload.turn:
        grant, subject = look_up(context, token)
        yield _Turn(context=context, grant=grant, subject=subject, upload=upload)


@contextmanager
def _open_turn(context: RegionContext, subject: Subject) -> Iterator[Upload]:
    """Open the file and wait for its turn; an upload that was ended meanwhile is opened anew."""
    while True:
        upload = _open(context, subject)
        with upload.turn:
            if not upload.is_closed:
                yield upload
                return


def _open(context: RegionContext, subject: Subject, *, check: Callable[[], object] = lambda: None) -> Upload:
    return context.uploads.open(_path_of(subject), size_bytes=subject.size_bytes, check=check)


def _path_of(subject: Subject) -> Path:
    assert isinstance(subject.contents, FileBytes), "only files are uploaded"
    return subject.contents.path


def _refuse_beyond(change: PageChange, size_bytes: int) -> None:
    if change.offset_bytes + change.length_bytes > size_bytes:
        message = "The page range specified is invalid."
        raise RefusedError(Code.INVALID_PAGE_RANGE, message, hint=f"The blob has {size_bytes} bytes.")


def _grant_of(context: RegionContext, subject: Subject) -> AccessGrant | None:
    with context.database.read() as conn:
        return access_grants.find_grant_of(conn, subject.guid)


def _failure_of(upload: Upload, subject: Subject, grant: AccessGrant | None) -> Failure | None:
    """Make the upload durable and check it; return what keeps the disk from being used. Without a grant it was ended before."""
    if grant is None:
        return None
    try:
        upload.sync()
        if grant.format is BlobFormat.VHD:
            check_footer(_footer_of(grant), size_bytes=subject.size_bytes)
    except FarpointError as error:
        return Failure.of(error)
    return None


def _footer_of(grant: AccessGrant) -> bytes:
    if grant.footer is None:
        message = "the upload ended without the 512 bytes of its VHD footer."
        hint = "Nothing was kept: ask for access Write again and upload the whole VHD, or raw bytes with farpoint.format raw."
        raise RefusedError(Code.DISK_UNSUPPORTED, message, hint=hint)
    return grant.footer
