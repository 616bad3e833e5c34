"""What the source told a running copy: its hold, its signed statement, and what the verify step proved. Gone when the copy ends."""

from attrs import frozen
from sqlalchemy import Connection, delete, insert, select, update

from farpoint.metadata.tables import copy_sources
from farpoint.model.documents import JsonObject
from farpoint.model.ids import ManifestId, OperationId, RegionId
from farpoint.model.manifest import SignedStatement
from farpoint.model.remote import HeldPoint


@frozen(kw_only=True)
class CopySource:
    """One copy's source."""

    held: HeldPoint
    #: Disk name -> {"bytesVerifiedNow", "oldestCheck"}; None before the verify step.
    proofs: JsonObject | None


def put_copy_source(conn: Connection, operation: OperationId, held: HeldPoint) -> None:
    """Record what the source said, in place of what it said before."""
    statement = held.statement
    conn.execute(delete(copy_sources).where(copy_sources.c.operation == operation))
    conn.execute(
        insert(copy_sources).values(
            operation=operation,
            token=held.token,
            region=statement.region,
            manifest=statement.manifest,
            body=statement.body,
            signature=statement.signature,
            facts=held.facts,
        )
    )


def get_copy_source(conn: Connection, operation: OperationId) -> CopySource | None:
    """Return what the source said, None before the hold."""
    row = conn.execute(select(copy_sources).where(copy_sources.c.operation == operation)).mappings().one_or_none()
    if row is None:
        return None
    statement = SignedStatement(
        region=RegionId(row["region"]), manifest=ManifestId(row["manifest"]), body=row["body"], signature=row["signature"]
    )
    return CopySource(held=HeldPoint(token=row["token"], statement=statement, facts=row["facts"]), proofs=row["proofs"])


def put_proofs(conn: Connection, operation: OperationId, proofs: JsonObject) -> None:
    """Record what the verify step proved."""
    conn.execute(update(copy_sources).where(copy_sources.c.operation == operation).values(proofs=proofs))


def delete_copy_source(conn: Connection, operation: OperationId) -> None:
    """Forget the source of a copy that has ended."""
    conn.execute(delete(copy_sources).where(copy_sources.c.operation == operation))
