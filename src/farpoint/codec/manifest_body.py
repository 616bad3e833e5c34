"""The manifest's body: the canonical JSON that is signed. Normative: docs/format/manifest.md."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import cast

from farpoint.errors import IntegrityError
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.documents import JsonObject, JsonValue, canonical_json, decode_base64, encode_base64, parse_canonical_json
from farpoint.model.ids import ManifestId, NodeId, RegionId, ScopeId
from farpoint.model.manifest import (
    CaptureMode,
    ChangeDetection,
    Consistency,
    DiskEntry,
    LineageHop,
    Manifest,
    SignedStatement,
    WhyFull,
)

_FORMAT = "farpoint-manifest/1"


def encode_body(manifest: Manifest) -> bytes:
    """Return the canonical JSON of *manifest*."""
    return canonical_json(
        {
            "format": _FORMAT,
            "id": str(manifest.id),
            "operation": manifest.operation,
            "pointId": manifest.point_id,
            "vm": manifest.vm,
            "disks": [_disk_out(disk) for disk in manifest.disks],
            "consistencyRequested": manifest.consistency_requested.value,
            "consistencyAchieved": manifest.consistency_achieved.value,
            "guestFreeze": manifest.guest_freeze.isoformat(),
            "committedAt": manifest.committed_at.isoformat(),
            "parent": None if manifest.parent is None else str(manifest.parent),
            "lineage": [_hop_out(hop) for hop in manifest.lineage],
            "sourceStatement": None if manifest.source_statement is None else _statement_out(manifest.source_statement),
        }
    )


def decode_body(body: bytes) -> Manifest:
    """Decode a body; raise IntegrityError unless it is the canonical encoding of a manifest."""
    try:
        document = parse_canonical_json(body)
        if document["format"] != _FORMAT:
            message = f"unknown manifest format {document['format']!r}"
            raise IntegrityError(message)
        return _manifest_in(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"a manifest body is malformed: {type(error).__name__}"
        raise IntegrityError(message) from error


def _manifest_in(document: JsonObject) -> Manifest:
    statement = document["sourceStatement"]
    parent = document["parent"]
    return Manifest(
        id=ManifestId(uuid.UUID(_text(document["id"]))),
        operation=_text(document["operation"]),
        point_id=_text(document["pointId"]),
        vm=_object(document["vm"]),
        disks=tuple(_disk_in(_object(disk)) for disk in _list(document["disks"])),
        consistency_requested=Consistency(_text(document["consistencyRequested"])),
        consistency_achieved=Consistency(_text(document["consistencyAchieved"])),
        guest_freeze=_time(document["guestFreeze"]),
        committed_at=_time(document["committedAt"]),
        parent=None if parent is None else ManifestId(uuid.UUID(_text(parent))),
        lineage=tuple(_hop_in(_object(hop)) for hop in _list(document["lineage"])),
        source_statement=None if statement is None else _statement_in(_object(statement)),
    )


def _disk_out(disk: DiskEntry) -> JsonObject:
    return {
        "name": disk.name,
        "lun": disk.lun,
        "sizeBytes": disk.state.size_bytes,
        "blockBytes": disk.state.block_bytes,
        "root": None if disk.state.root is None else disk.state.root.hex(),
        "scope": str(disk.scope),
        "sourceDiskId": disk.source_disk_id,
        "sourceUniqueId": disk.source_unique_id,
        "mode": disk.mode.value,
        "whyFull": None if disk.why_full is None else disk.why_full.value,
        "changeDetection": disk.change_detection.value,
        "readBytes": disk.read_bytes,
        "storedBytes": disk.stored_bytes,
        "parentRoot": disk.parent_root,
    }


def _disk_in(entry: JsonObject) -> DiskEntry:
    root, why_full, lun, parent = entry["root"], entry["whyFull"], entry["lun"], entry["parentRoot"]
    geometry = Geometry(size_bytes=_number(entry["sizeBytes"]), block_bytes=_number(entry["blockBytes"]))
    return DiskEntry(
        name=_text(entry["name"]),
        lun=None if lun is None else _number(lun),
        state=DiskState(geometry=geometry, root=None if root is None else NodeId(bytes.fromhex(_text(root)))),
        scope=ScopeId(uuid.UUID(_text(entry["scope"]))),
        source_disk_id=_text(entry["sourceDiskId"]),
        source_unique_id=_text(entry["sourceUniqueId"]),
        mode=CaptureMode(_text(entry["mode"])),
        why_full=None if why_full is None else WhyFull(_text(why_full)),
        change_detection=ChangeDetection(_text(entry["changeDetection"])),
        read_bytes=_number(entry["readBytes"]),
        stored_bytes=_number(entry["storedBytes"]),
        parent_root=None if parent is None else _text(parent),
    )


def _hop_out(hop: LineageHop) -> JsonObject:
    return {
        "region": str(hop.region),
        "regionName": hop.region_name,
        "pointId": hop.point_id,
        "manifest": str(hop.manifest),
        "guestFreeze": hop.guest_freeze.isoformat(),
        "committedAtSource": hop.committed_at_source.isoformat(),
        "committedHere": hop.committed_here.isoformat(),
    }


def _hop_in(entry: JsonObject) -> LineageHop:
    return LineageHop(
        region=RegionId(uuid.UUID(_text(entry["region"]))),
        region_name=_text(entry["regionName"]),
        point_id=_text(entry["pointId"]),
        manifest=ManifestId(uuid.UUID(_text(entry["manifest"]))),
        guest_freeze=_time(entry["guestFreeze"]),
        committed_at_source=_time(entry["committedAtSource"]),
        committed_here=_time(entry["committedHere"]),
    )


def _statement_out(statement: SignedStatement) -> JsonObject:
    return {
        "region": str(statement.region),
        "manifest": str(statement.manifest),
        "body": statement.body.decode(),
        "signature": encode_base64(statement.signature),
    }


def _statement_in(entry: JsonObject) -> SignedStatement:
    return SignedStatement(
        region=RegionId(uuid.UUID(_text(entry["region"]))),
        manifest=ManifestId(uuid.UUID(_text(entry["manifest"]))),
        body=_text(entry["body"]).encode(),
        signature=decode_base64(_text(entry["signature"])),
    )


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: JsonValue) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, Mapping):
        raise TypeError(value)
    return value


def _list(value: JsonValue) -> Sequence[JsonValue]:
    if not isinstance(value, list):
        raise TypeError(value)
    return cast("list[JsonValue]", value)


def _time(value: JsonValue) -> dt.datetime:
    moment = dt.datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment
