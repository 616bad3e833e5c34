"""How far a disk being restored is known to be written."""

from farpoint.metadata import restore_checkpoints
from farpoint.metadata.connection import Connection
from farpoint.metadata.restore_checkpoints import RestoreCheckpoint
from farpoint.model.ids import DiskId, OperationId
from farpoint.testing.example_rows import guid

DISK = DiskId(guid(1))


def checkpoint(synced_bytes: int) -> RestoreCheckpoint:
    return RestoreCheckpoint(identity="file 1", synced_bytes=synced_bytes, operation=OperationId(guid(9)))


def test_the_last_checkpoint_counts(conn: Connection) -> None:
    assert restore_checkpoints.get_checkpoint(conn, DISK) is None
    for synced_bytes in (1 << 20, 6 << 40):
        restore_checkpoints.put_checkpoint(conn, DISK, checkpoint(synced_bytes))
    assert restore_checkpoints.get_checkpoint(conn, DISK) == checkpoint(6 << 40)


def test_a_forgotten_checkpoint_is_gone_and_others_stay(conn: Connection) -> None:
    other = DiskId(guid(2))
    for disk in (DISK, other):
        restore_checkpoints.put_checkpoint(conn, disk, checkpoint(5))
    restore_checkpoints.delete_checkpoint(conn, DISK)
    assert restore_checkpoints.get_checkpoint(conn, DISK) is None
    assert restore_checkpoints.get_checkpoint(conn, other) is not None
