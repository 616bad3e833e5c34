"""The rows and documents of a copy, made from what its source said: pure functions."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import cast

from attrs import evolve, frozen

from farpoint.model.documents import JsonObject
from farpoint.model.ids import DiskPointId, ScopeId
from farpoint.model.manifest import DiskEntry, LineageHop, Manifest, SignedStatement
from farpoint.model.resources import DiskRestorePoint, RestorePoint
from farpoint.vault.closing import Closure


@frozen(kw_only=True)
class CopiedDisk:
    """What a copy's disk row is made from."""

    entry: DiskEntry
    facts: JsonObject
    source_location: str


def copied_disk_row(disk: CopiedDisk, *, point: RestorePoint, guid: DiskPointId, family_id: str, scope: ScopeId) -> DiskRestorePoint:
    """Return the row of one disk of a copy: the source's, under a new id, with what leads back to it."""
    entry, facts = disk.entry, disk_facts(disk.facts, disk.entry.name)
    source_id, os_type = facts.get("id"), facts.get("osType")
    return DiskRestorePoint(
        id=guid,
        point=point.id,
        name=f"{entry.name}_{guid}",
        disk_name=entry.name,
        lun=entry.lun,
        os_type=os_type if isinstance(os_type, str) else None,
        source_disk_id=entry.source_disk_id,
        source_disk_point_id=source_id if isinstance(source_id, str) else None,
        source_location=disk.source_location,
        source_unique_id=entry.source_unique_id,
        family_id=family_id,
        time_created=point.time_created,
        size_bytes=entry.state.size_bytes,
        block_bytes=entry.state.block_bytes,
        state=entry.state,
        scope=scope,
        mode=entry.mode,
        why_full=entry.why_full,
        change_detection=entry.change_detection,
        read_bytes=entry.read_bytes,
        stored_bytes=entry.stored_bytes,
    )


def copied_disks(original: Manifest, point: RestorePoint) -> Sequence[DiskEntry]:
    """Return the disks of the original that the copy is to have."""
    excluded = {disk.lower() for disk in point.exclude_disks}
    return [entry for entry in original.disks if entry.source_disk_id.lower() not in excluded]


def copied_manifest(
    original: Manifest, disks: Sequence[DiskEntry], statement: SignedStatement, *, hop: LineageHop, operation: str, scope: ScopeId
) -> Manifest:
    """Return the manifest of a copy: the original's contents with these *disks*, one more hop, and the original's own statement inside."""
    return evolve(
        original,
        id=hop.manifest,
        operation=operation,
        point_id=hop.point_id,
        disks=tuple(evolve(disk, scope=scope) for disk in disks),
        committed_at=hop.committed_here,
        parent=None,
        lineage=(*original.lineage, hop),
        source_statement=statement,
    )


def write_proofs(closures: Mapping[str, Closure]) -> JsonObject:
    """Return what the verify step proved, as it is kept."""
    return {
        disk: {"bytesVerifiedNow": closure.bytes_read_back, "oldestCheck": closure.oldest_check.isoformat()}
        for disk, closure in closures.items()
    }


def read_proof(proofs: JsonObject, disk: str) -> tuple[int, dt.datetime]:
    """Return (bytes read back, oldest check leaned on) of one disk."""
    proof = cast("Mapping[str, object]", proofs[disk])
    return int(str(proof["bytesVerifiedNow"])), dt.datetime.fromisoformat(str(proof["oldestCheck"]))


def disk_facts(facts: JsonObject, disk: str) -> Mapping[str, object]:
    """Return what the source's hold said about one disk besides the manifest; empty when it said nothing."""
    disks = facts.get("disks")
    found = disks.get(disk) if isinstance(disks, Mapping) else None
    return found if isinstance(found, Mapping) else {}
