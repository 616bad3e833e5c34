"""Checkpoints of disks being restored: everything below the offset is written and synced on the target of that identity."""

from attrs import frozen
from sqlalchemy import Connection, delete, insert, select

from farpoint.metadata.tables import restore_checkpoints
from farpoint.model.ids import DiskId


@frozen(kw_only=True)
class RestoreCheckpoint:
    """How far one disk is."""

    #: farpoint.disks.target.RestoreTarget.identity when it was recorded.
    identity: str
    synced_bytes: int


def get_checkpoint(conn: Connection, disk: DiskId) -> RestoreCheckpoint | None:
    """Return the disk's checkpoint, None before its first write."""
    row = conn.execute(select(restore_checkpoints).where(restore_checkpoints.c.disk == disk)).mappings().one_or_none()
    return None if row is None else RestoreCheckpoint(identity=row["identity"], synced_bytes=row["synced_bytes"])


def put_checkpoint(conn: Connection, disk: DiskId, checkpoint: RestoreCheckpoint) -> None:
    """Record a checkpoint in place of the last."""
    delete_checkpoint(conn, disk)
    values = {"disk": disk, "identity": checkpoint.identity, "synced_bytes": checkpoint.synced_bytes}
    conn.execute(insert(restore_checkpoints).values(**values))


def delete_checkpoint(conn: Connection, disk: DiskId) -> None:
    """Forget the checkpoint of a disk that is published."""
    conn.execute(delete(restore_checkpoints).where(restore_checkpoints.c.disk == disk))
