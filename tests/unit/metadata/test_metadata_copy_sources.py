"""What a running copy keeps of its source's words."""

from attrs import evolve

from farpoint.metadata import copy_sources
from farpoint.metadata.connection import Connection
from farpoint.metadata.copy_sources import CopySource
from farpoint.model.ids import ManifestId, OperationId, RegionId
from farpoint.model.manifest import SignedStatement
from farpoint.model.remote import HeldPoint
from farpoint.testing.example_rows import guid

OPERATION = OperationId(guid(1))
STATEMENT = SignedStatement(region=RegionId(guid(2)), manifest=ManifestId(guid(3)), body=b'{"a":1}\x00', signature=b"s" * 64)
HELD = HeldPoint(token="1-7", statement=STATEMENT, facts={"disks": {"os": "os_1"}})


def test_what_the_source_said_survives_its_row(conn: Connection) -> None:
    copy_sources.put_copy_source(conn, OPERATION, HELD)
    assert copy_sources.get_copy_source(conn, OPERATION) == CopySource(held=HELD, proofs=None)


def test_a_new_hold_replaces_the_old_one_and_its_proofs(conn: Connection) -> None:
    copy_sources.put_copy_source(conn, OPERATION, HELD)
    copy_sources.put_proofs(conn, OPERATION, {"os": {"bytesVerifiedNow": 5}})
    again = evolve(HELD, token="1-8")
    copy_sources.put_copy_source(conn, OPERATION, again)
    assert copy_sources.get_copy_source(conn, OPERATION) == CopySource(held=again, proofs=None)


def test_proofs_stand_beside_what_they_prove(conn: Connection) -> None:
    copy_sources.put_copy_source(conn, OPERATION, HELD)
    copy_sources.put_proofs(conn, OPERATION, {"os": {"bytesVerifiedNow": 5}})
    assert copy_sources.get_copy_source(conn, OPERATION) == CopySource(held=HELD, proofs={"os": {"bytesVerifiedNow": 5}})


def test_a_forgotten_source_is_gone(conn: Connection) -> None:
    copy_sources.put_copy_source(conn, OPERATION, HELD)
    copy_sources.delete_copy_source(conn, OPERATION)
    copy_sources.delete_copy_source(conn, OPERATION)
    assert copy_sources.get_copy_source(conn, OPERATION) is None
