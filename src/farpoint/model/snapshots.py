"""Snapshots: single disks kept by name, made here or copied here from another region.

A snapshot's contents are a restore point of one disk, in a collection that is shown nowhere: everything that captures, copies,
restores and deletes restore points does the same for snapshots.
"""

import datetime as dt
from enum import StrEnum

from attrs import frozen

from farpoint.model.documents import JsonObject
from farpoint.model.ids import PointId, SnapshotId


class SnapshotOption(StrEnum):
    """How a snapshot comes to be (creationData.createOption)."""

    #: Of a disk of this region.
    COPY = "Copy"
    #: From a snapshot of another region.
    COPY_START = "CopyStart"


@frozen(kw_only=True)
class Snapshot:
    """A snapshot's own row; how far it is and what it holds is its point's."""

    #: Also ARM's uniqueId.
    id: SnapshotId
    group: str
    name: str
    location: str
    tags: JsonObject
    sku: str
    create_option: SnapshotOption
    #: ARM id of the disk, or of the other region's snapshot.
    source_resource_id: str
    #: ARM's uniqueId of that disk or snapshot.
    source_unique_id: str
    #: As asked; every snapshot is stored incrementally.
    incremental: bool
    os_type: str | None
    hyper_v_generation: str | None
    size_bytes: int
    point: PointId
    time_created: dt.datetime
