"""The tables of resources and of the work on them; those of the vault's index are in index_tables.py.

Names that people gave are kept as given and compared by a ``*_key`` column (lower case) that carries the unique constraint.
``number`` columns are small integers that order rows by birth or stand in for a long id in the large tables.

A change here needs a migration (migrations.py); tests/golden/metadata holds the text of each released schema.
"""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.schema import SchemaItem

from farpoint.metadata.columns import Document, FailureText, Guid, Moment, ProgressText, StateDigest, Texts
from farpoint.metadata.schema import METADATA, NUMBER


def _resources(table: str, *columns: SchemaItem, unique: Sequence[str] = ("group_key", "name_key")) -> Table:
    """Return a table of ARM resources that lie in a group: what all of them have, then *columns*."""
    return Table(
        table,
        METADATA,
        Column("id", Guid, primary_key=True),
        Column("group", Text, nullable=False),
        Column("group_key", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("name_key", Text, nullable=False),
        Column("location", Text, nullable=False),
        Column("tags", Document, nullable=False),
        *columns,
        UniqueConstraint(*unique),
    )


schema_version = Table("schema_version", METADATA, Column("version", Integer, primary_key=True))

settings = Table("settings", METADATA, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

counters = Table("counters", METADATA, Column("name", Text, primary_key=True), Column("value", BigInteger, nullable=False))

#: What every region holds a copy of: resource groups, role assignments. Tombstones stay.
directory_records = Table(
    "directory_records",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("id", Guid, nullable=False, unique=True),
    Column("kind", Text, nullable=False, index=True),
    Column("path", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("origin", Guid, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("body", Document, nullable=False),
)

disks = _resources(
    "disks",
    Column("sku", Text, nullable=False),
    Column("os_type", Text),
    Column("create_option", Text, nullable=False),
    Column("source_resource_id", Text),
    Column("path", Text, nullable=False, index=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("block_bytes", Integer, nullable=False),
    Column("provisioning_state", Text, nullable=False),
    Column("time_created", Moment, nullable=False),
    Column("managed_by", Text),
    Column("source_unique_id", Text),
    Column("hyper_v_generation", Text),
    Column("awaits_upload", Boolean, nullable=False),
    Column("state", StateDigest),
    Column("operation", Guid),
    Column("failure", FailureText),
)

virtual_machines = _resources(
    "virtual_machines",
    Column("properties", Document, nullable=False),
    Column("time_created", Moment, nullable=False),
)

#: The disk is the key: no disk is ever in two VMs, nor twice in one.
attached_disks = Table(
    "attached_disks",
    METADATA,
    Column("disk", Guid, ForeignKey("disks.id"), primary_key=True),
    Column("vm", Guid, ForeignKey("virtual_machines.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("disk_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("lun", Integer),
)

collections = _resources(
    "collections",
    Column("source_id", Text, nullable=False),
    Column("source_location", Text, nullable=False),
    Column("time_created", Moment, nullable=False),
    Column("of_snapshots", Boolean, nullable=False),
)

points = Table(
    "points",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("id", Guid, nullable=False, unique=True),
    Column("collection", Guid, ForeignKey("collections.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("provisioning_state", Text, nullable=False),
    Column("consistency", Text),
    Column("source_point_id", Text),
    Column("source_point_key", Text, index=True),
    Column("copy_state", Text),
    Column("time_created", Moment, nullable=False),
    Column("source_time_created", Moment),
    Column("exclude_disks", Texts, nullable=False),
    Column("source_metadata", Document, nullable=False),
    Column("manifest", Guid),
    Column("operation", Guid, nullable=False),
    Column("failure", FailureText),
    UniqueConstraint("collection", "name_key"),
)

disk_points = Table(
    "disk_points",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("id", Guid, nullable=False, unique=True),
    Column("point", Guid, ForeignKey("points.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("disk_name", Text, nullable=False),
    Column("lun", Integer),
    Column("os_type", Text),
    Column("source_disk_id", Text, nullable=False),
    Column("source_disk_point_id", Text),
    Column("source_location", Text, nullable=False),
    Column("source_unique_id", Text, nullable=False, index=True),
    Column("family_id", Text, nullable=False),
    Column("time_created", Moment, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("block_bytes", Integer, nullable=False),
    Column("state", StateDigest),
    Column("scope", Guid),
    Column("mode", Text),
    Column("why_full", Text),
    Column("change_detection", Text),
    Column("read_bytes", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    UniqueConstraint("point", "name_key"),
)

snapshots = _resources(
    "snapshots",
    Column("sku", Text, nullable=False),
    Column("create_option", Text, nullable=False),
    Column("source_resource_id", Text, nullable=False),
    Column("source_unique_id", Text, nullable=False),
    Column("incremental", Boolean, nullable=False),
    Column("os_type", Text),
    Column("hyper_v_generation", Text),
    Column("size_bytes", BigInteger, nullable=False),
    Column("point", Guid, ForeignKey("points.id"), nullable=False, unique=True),
    Column("time_created", Moment, nullable=False),
)

#: Resources that are kept as they were given: networks and interfaces, which nothing here carries out, and deployments.
descriptions = _resources(
    "descriptions",
    Column("type", Text, nullable=False),
    Column("type_key", Text, nullable=False),
    Column("properties", Document, nullable=False),
    unique=("group_key", "type_key", "name_key"),
)

operations = Table(
    "operations",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("id", Guid, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("resource_id", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("state", Text, nullable=False, index=True),
    Column("answered", Boolean, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("principal", Text, nullable=False),
    Column("request", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("progress", ProgressText, nullable=False),
    Column("failure", FailureText),
)

holds = Table(
    "holds",
    METADATA,
    Column("token", Text, primary_key=True),
    Column("manifest", Guid, nullable=False, index=True),
    Column("point_id", Text, nullable=False),
    Column("peer", Guid, nullable=False),
    Column("operation", Guid, nullable=False),
    Column("ticks_left", Integer, nullable=False),
    UniqueConstraint("peer", "operation"),
)

receipts = Table(
    "receipts",
    METADATA,
    Column("token", Text, primary_key=True),
    Column("manifest", Guid, nullable=False, index=True),
    Column("peer", Guid, nullable=False),
    Column("operation", Guid, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
)

peer_pins = Table(
    "peer_pins",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("region", Guid, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, index=True),
    Column("signing_key", LargeBinary, nullable=False),
    Column("token_key", LargeBinary, nullable=False),
)

#: What a running copy was told by its source: enough to publish with the source gone.
copy_sources = Table(
    "copy_sources",
    METADATA,
    Column("operation", Guid, primary_key=True),
    Column("token", Text, nullable=False),
    Column("region", Guid, nullable=False),
    Column("manifest", Guid, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("facts", Document, nullable=False),
    #: What the verify step proved per disk; null before it.
    Column("proofs", Document),
)

#: Signed URLs that are good, or were: a resource has at most one grant. The subject is a disk, a disk restore point or a snapshot.
access_grants = Table(
    "access_grants",
    METADATA,
    Column("id", Guid, primary_key=True),
    Column("subject", Guid, nullable=False, unique=True),
    Column("subject_type", Text, nullable=False),
    Column("access", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("sequence_number", BigInteger, nullable=False),
    Column("footer", LargeBinary),
)

#: Write requests of clients, newest last; the oldest go when there are too many.
activity = Table(
    "activity",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("id", Guid, nullable=False, unique=True),
    Column("at", Moment, nullable=False, index=True),
    Column("resource_key", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("provider_key", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("entry", Document, nullable=False),
)

#: How far a disk that is being restored is written and synced.
restore_checkpoints = Table(
    "restore_checkpoints",
    METADATA,
    Column("disk", Guid, primary_key=True),
    Column("identity", Text, nullable=False),
    Column("synced_bytes", BigInteger, nullable=False),
    Column("operation", Guid, nullable=False),
)

#: Changes of resources that the catalogue log has not got yet: those that wait (batch 0), and those in the object being written.
pending_changes = Table(
    "pending_changes",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("guid", Guid, nullable=False),
    Column("arm_path", Text, nullable=False),
    Column("batch", BigInteger, nullable=False),
    #: Known from the moment the change is in a batch.
    Column("deleted", Boolean, nullable=False),
    UniqueConstraint("kind", "guid", "batch"),
)

#: The one object of the log that is being written: its exact bytes, so that a retry puts the same.
catalogue_batch = Table(
    "catalogue_batch",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("object", LargeBinary, nullable=False),
)

#: The newest published change of each resource.
catalogue_changes = Table(
    "catalogue_changes",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("guid", Guid, primary_key=True),
    Column("seq", BigInteger, nullable=False, index=True),
    Column("arm_path", Text, nullable=False),
    Column("deleted", Boolean, nullable=False),
)

#: The newest object of the log: one row, none before the first.
catalogue_head = Table(
    "catalogue_head",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
)

#: What the peers have, as they last said; pulled again when lost.
replicas = Table(
    "replicas",
    METADATA,
    Column("region", Guid, primary_key=True),
    Column("path_key", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("parent_key", Text, nullable=False, index=True),
    Column("document", Document, nullable=False),
    Index("replicas_by_path", "path_key"),
    Index("replicas_by_place", "type", "group_key", "name_key", "region"),
    Index("replicas_by_group", "group_key"),
)

#: How far each peer's catalogue was read.
replica_feeds = Table(
    "replica_feeds",
    METADATA,
    Column("region", Guid, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("as_of", Moment, nullable=False),
)
