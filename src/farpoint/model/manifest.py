"""What a restore point *is*: the signed statement that names its disks' states, its VM and where it came from."""

import datetime as dt
from enum import StrEnum

from attrs import field, frozen

from farpoint.model.disk import DiskState
from farpoint.model.documents import JsonObject
from farpoint.model.ids import ManifestId, RegionId, ScopeId


class Consistency(StrEnum):
    """How the disks of a point relate to one another and to the guest, weakest first."""

    #: Captured under a possibly running guest at the operator's risk; promises nothing.
    NONE = "None"
    CRASH = "CrashConsistent"
    FILE_SYSTEM = "FileSystemConsistent"
    APPLICATION = "ApplicationConsistent"


class CaptureMode(StrEnum):
    """How much of a disk a capture had to read."""

    FULL = "Full"
    INCREMENTAL = "Incremental"


class WhyFull(StrEnum):
    """Why a capture read the whole disk."""

    FIRST = "first"
    #: No tracker told what changed: everything was read and compared by chunk id.
    NO_TRACKER = "noTracker"


class ChangeDetection(StrEnum):
    """How well the system could tell that a disk stood still while it was read."""

    #: Size, modification time and change time were the same before and after.
    FILE_TIMES = "fileTimes"
    #: A block device: the system keeps no such times.
    NOT_POSSIBLE = "notPossible"
    #: The caller allowed a live capture; changes were expected.
    NOT_ASKED = "notAsked"


@frozen(kw_only=True)
class DiskEntry:
    """One disk of a restore point."""

    #: Disk resource name at the source; unique within the point.
    name: str
    #: Logical unit number; None for the OS disk.
    lun: int | None
    state: DiskState
    #: Key scope whose vault index holds the map and chunks in the region that signed.
    scope: ScopeId
    #: ARM id and GUID of the disk that was captured, at its origin.
    source_disk_id: str
    source_unique_id: str
    mode: CaptureMode
    why_full: WhyFull | None
    change_detection: ChangeDetection
    #: Bytes read from the disk, and bytes newly stored (sealed), when it was captured.
    read_bytes: int
    stored_bytes: int
    #: Root of the parent point's map, hex; None when there was none.
    parent_root: str | None = None


@frozen(kw_only=True)
class LineageHop:
    """One region a point has passed through, with its three times."""

    region: RegionId
    region_name: str
    #: ARM id of the restore point there.
    point_id: str
    #: GUID of the manifest there.
    manifest: ManifestId
    guest_freeze: dt.datetime
    committed_at_source: dt.datetime
    committed_here: dt.datetime


@frozen(kw_only=True)
class Manifest:
    """The immutable description of one restore point; see docs/format/manifest.md for its encoding."""

    id: ManifestId
    #: Operation that wrote it: a retried publish recognises its own work by this.
    operation: str
    #: ARM id of the restore point.
    point_id: str
    #: The VM at the instant: ``vmId``, ``location``, hardware, storage and os profiles, as ARM shows them.
    vm: JsonObject
    disks: tuple[DiskEntry, ...]
    consistency_requested: Consistency
    consistency_achieved: Consistency
    #: The instant the disks show.
    guest_freeze: dt.datetime
    committed_at: dt.datetime
    #: Manifest of the previous point of the same collection, if any.
    parent: ManifestId | None
    #: Hops from the origin to here; the last is this region.
    lineage: tuple[LineageHop, ...]
    #: For a copy: the source region's statement as received (encoded body and signature), else None.
    source_statement: "SignedStatement | None" = None


@frozen(kw_only=True)
class SignedStatement:
    """A manifest's canonical body with its author's signature: what travels between regions and can be checked anywhere."""

    region: RegionId
    manifest: ManifestId
    body: bytes
    signature: bytes = field(repr=False)
