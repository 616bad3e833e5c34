"""Checkpoints of disks being restored: everything below the offset is written and synced on the target of that identity."""

from attrs import asdict, frozen
from sqlalchemy import Connection, delete, insert, select

from farpoint.metadata.tables import restore_checkpoints
from farpoint.model.ids import DiskId, OperationId


@frozen(kw_only=True)
class RestoreCheckpoint:
    """How far one disk is."""

    #: farpoint.disks.target.RestoreTarget.identity when it was recorded.
    identity: str
    synced_bytes: int
    #: That recorded it.
    operation: OperationId


def get_checkpoint(conn: Connection, disk: DiskId) -> RestoreCheckpoint | None:
    """Return the disk's checkpoint, None before its first write."""
    row = conn.execute(select(restore_checkpoints).where(restore_checkpoints.c.disk == disk)).mappings().one_or_none()
    if row is None:
        return None
    return RestoreCheckpoint(identity=row["identity"], synced_bytes=row["synced_bytes"], operation=OperationId(row["operation"]))


def put_checkpoint(conn: Connection, disk: DiskId, checkpoint: RestoreCheckpoint) -> None:
    """Record a checkpoint in place of the last."""
    delete_checkpoint(conn, disk)
    conn.execute(insert(restore_checkpoints).values(disk=disk, **asdict(checkpoint)))


def delete_checkpoint(conn: Connection, disk: DiskId) -> None:
    """Forget the checkpoint of a disk that is published."""
    conn.execute(delete(restore_checkpoints).where(restore_checkpoints.c.disk == disk))
