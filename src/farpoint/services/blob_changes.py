"""How a blob differs from an earlier one of the same disk: from the two maps alone, however large the disks."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from farpoint.errors import Code, RefusedError
from farpoint.movers.point_contents import PointContents
from farpoint.services.access_subjects import StoredBytes
from farpoint.services.blobs import Blob
from farpoint.vault.block_ranges import Change, changed_ranges

_HINT: Final = "Both URLs must be of disk restore points of one disk in this region, granted in the same format."


@frozen
class ChangedBytes:
    """A range of the blob that differs."""

    start_bytes: int
    end_bytes: int
    #: It is zeros now.
    cleared: bool


def refuse_incomparable(blob: Blob, previous: Blob) -> None:
    """Refuse two blobs that are not states of one disk."""
    new, old = blob.subject.contents, previous.subject.contents
    if not isinstance(new, StoredBytes) or not isinstance(old, StoredBytes) or new.unique_id != old.unique_id:
        raise _refused("The two URLs are not of restore points of the same disk.")
    if new.state.block_bytes != old.state.block_bytes:
        raise _refused(f"The two points have different block sizes, {new.state.block_bytes} and {old.state.block_bytes} bytes.")
    if blob.footer and blob.size_bytes != previous.size_bytes:
        # The earlier footer lies inside the later disk, or behind it: its place would count as changed without the map knowing.
        raise _refused(f"The disk had {previous.subject.size_bytes} bytes and has {blob.subject.size_bytes}; ask for both as raw.")
    if blob.grant.format is not previous.grant.format:
        raise _refused(f"One URL shows {blob.grant.format}, the other {previous.grant.format}.")


def changes_between(blob: Blob, previous: Blob) -> Iterator[ChangedBytes]:
    """Yield what differs, ascending, in whole blocks. The footer of a VHD follows from disk and size, so it never does."""
    assert isinstance(blob.contents, PointContents)
    assert isinstance(previous.contents, PointContents)
    disk_end, size = blob.subject.size_bytes, blob.contents.side.state.block_bytes
    for found in changed_ranges(blob.contents.side, previous.contents.side):
        yield ChangedBytes(found.first * size, min(found.end * size, disk_end), cleared=found.change is Change.CLEARED)


def _refused(message: str) -> RefusedError:
    return RefusedError(Code.PREVIOUS_SNAPSHOT_UNSUPPORTED, message, hint=_HINT, target="x-ms-previous-snapshot-url")
