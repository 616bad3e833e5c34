"""Manifest bodies: everything that is said comes back, and nothing else is taken for a manifest."""

import datetime as dt
import json
import uuid

import pytest
from attrs import evolve

from farpoint.codec.manifest_body import decode_body, encode_body
from farpoint.errors import IntegrityError
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.documents import JsonValue, canonical_json
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

NOW = dt.datetime(2026, 11, 1, 12, 30, 15, 123456, tzinfo=dt.UTC)
GUIDS = [uuid.UUID(int=number) for number in range(10)]
DISK = DiskEntry(
    name="os",
    lun=None,
    state=DiskState(geometry=Geometry(size_bytes=1 << 20, block_bytes=1 << 16), root=NodeId(b"r" * 32)),
    scope=ScopeId(GUIDS[1]),
    source_disk_id="/disks/os",
    source_unique_id="u",
    mode=CaptureMode.FULL,
    why_full=WhyFull.FIRST,
    change_detection=ChangeDetection.FILE_TIMES,
    read_bytes=5,
    stored_bytes=6,
)
HOP = LineageHop(
    region=RegionId(GUIDS[2]),
    region_name="eastus",
    point_id="/p",
    manifest=ManifestId(GUIDS[3]),
    guest_freeze=NOW,
    committed_at_source=NOW,
    committed_here=NOW,
)
PLAIN = Manifest(
    id=ManifestId(GUIDS[3]),
    operation="op",
    point_id="/p",
    vm={"vmId": "ü", "storageProfile": {"dataDisks": [1, None, True]}},
    disks=(DISK,),
    consistency_requested=Consistency.APPLICATION,
    consistency_achieved=Consistency.CRASH,
    guest_freeze=NOW,
    committed_at=NOW,
    parent=None,
    lineage=(HOP,),
)
STATEMENT = SignedStatement(region=RegionId(GUIDS[2]), manifest=ManifestId(GUIDS[4]), body=encode_body(PLAIN), signature=b"s" * 64)
COPIED = evolve(
    PLAIN,
    parent=ManifestId(GUIDS[5]),
    source_statement=STATEMENT,
    lineage=(HOP, HOP),
    disks=(
        DISK,
        evolve(
            DISK,
            name="data",
            lun=3,
            why_full=None,
            mode=CaptureMode.INCREMENTAL,
            parent_root="ab" * 32,
            state=DiskState(geometry=DISK.state.geometry, root=None),
        ),
    ),
)


@pytest.mark.parametrize("manifest", [PLAIN, COPIED, evolve(PLAIN, disks=(), lineage=(), vm={})], ids=["local", "copied", "empty"])
def test_what_is_encoded_comes_back(manifest: Manifest) -> None:
    assert decode_body(encode_body(manifest)) == manifest


def test_a_body_is_canonical_json() -> None:
    body = encode_body(COPIED)
    assert canonical_json(json.loads(body)) == body


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"a":' * 5000, b"NaN", b'{"format": 1}'])
def test_what_is_no_body_is_refused(body: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode_body(body)


def test_another_spelling_of_the_same_body_is_refused() -> None:
    fields = json.loads(encode_body(PLAIN))
    for spelling in (json.dumps(fields), json.dumps(dict(reversed(fields.items())), separators=(",", ":"))):
        with pytest.raises(IntegrityError):
            decode_body(spelling.encode())


@pytest.mark.parametrize("field", sorted(json.loads(encode_body(PLAIN))))
@pytest.mark.parametrize("value", ["missing", 7, {"x": 1}, [3], "text", True])
def test_a_field_that_is_missing_or_of_another_type_is_refused(field: str, value: JsonValue) -> None:
    fields = json.loads(encode_body(PLAIN))
    sound = (field == "vm" and isinstance(value, dict)) or (field in ("operation", "pointId") and isinstance(value, str))
    if value == "missing":
        del fields[field]
    elif sound:
        return
    else:
        fields[field] = value
    with pytest.raises(IntegrityError):
        decode_body(canonical_json(fields))


@pytest.mark.parametrize("field", sorted(json.loads(encode_body(COPIED))["disks"][1]))
def test_a_disk_with_a_field_of_another_type_is_refused(field: str) -> None:
    fields = json.loads(encode_body(COPIED))
    fields["disks"][1][field] = ["no"]
    with pytest.raises(IntegrityError):
        decode_body(canonical_json(fields))


def test_a_time_without_a_zone_is_refused() -> None:
    fields = json.loads(encode_body(PLAIN))
    fields["guestFreeze"] = "2026-11-01T12:30:15"
    with pytest.raises(IntegrityError):
        decode_body(canonical_json(fields))
