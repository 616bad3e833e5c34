"""Old versions stay readable: a bucket in format 1 (tests/golden/format-1), read by farpoint and by a second reader."""

import base64
import datetime as dt
import hashlib
import json
import shutil
import uuid
from pathlib import Path
from typing import TypedDict

import pytest
from tests.integration.second_reader import SecondReader

from farpoint.bucket.directory import DirectoryBucket
from farpoint.bucket.names import PACKS, pack_name
from farpoint.codec.pack_format import decode_pack_header
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.signing import Signer, open_signer
from farpoint.keys.tokens import TokenVerifier
from farpoint.model.ids import ManifestId, OperationId, RegionId, ScopeId
from farpoint.model.index import Location, PackRecord
from farpoint.model.manifest import Manifest
from farpoint.model.operations import Claim
from farpoint.movers.lanes import InlineLanes
from farpoint.movers.restore import Reports, RestoreParts, restore_disk
from farpoint.testing.ambient import FakeClock, SeededEntropy
from farpoint.testing.example_rows import example_changes
from farpoint.testing.memory_disks import MemoryTarget, first_difference
from farpoint.testing.memory_index import MemoryIndex
from farpoint.vault.identity import read_identities
from farpoint.vault.manifests import check_statement
from farpoint.vault.vault import Vault, VaultParts

GOLDEN = Path(__file__).parent.parent / "golden/format-1"


class Piece(TypedDict):
    offset: int
    length: int
    kind: str
    seed: str


class Disk(TypedDict):
    digest: str
    sizeBytes: int
    pieces: list[Piece]


class Point(TypedDict):
    manifest: str
    disks: dict[str, Disk]


class Token(TypedDict):
    text: str
    tenant: str
    client: str
    issuedAt: str


class Expected(TypedDict):
    region: str
    name: str
    scope: str
    signingKey: str
    sourceSigningKey: str
    points: list[Point]
    deleted: str
    #: Paths of the resources that the catalogue log leaves.
    catalogue: list[str]
    token: Token


@pytest.fixture(scope="module")
def expected() -> Expected:
    found: Expected = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the region: its key files must be for us only, which a work tree does not keep."""
    folder = tmp_path / "region"
    shutil.copytree(GOLDEN, folder)
    for path in (folder / "keys").iterdir():
        path.chmod(0o600)
    return folder


def contents(disk: Disk) -> bytes:
    data = bytearray(disk["sizeBytes"])
    for piece in disk["pieces"]:
        seed, length = piece["seed"].encode(), piece["length"]
        part = hashlib.shake_256(seed).digest(length) if piece["kind"] == "noise" else (seed * (length // len(seed) + 1))[:length]
        data[piece["offset"] : piece["offset"] + length] = part
    return bytes(data)


@pytest.fixture
def signer(folder: Path) -> Signer:
    return open_signer(folder / "keys/signing.pem")


@pytest.fixture
def vault(folder: Path, signer: Signer, expected: Expected) -> Vault:
    """Open the bucket with an index made from what the packs say themselves."""
    index, claim_of = MemoryIndex(), OperationId(uuid.UUID(int=1))
    bucket, entropy = DirectoryBucket(folder / "bucket"), SeededEntropy(1)
    parts = VaultParts(
        bucket=bucket,
        index=index,
        provider=FileKeyProvider.open(folder / "keys/kek.json", entropy),
        signer=signer,
        region=RegionId(uuid.UUID(expected["region"])),
        scope=ScopeId(uuid.UUID(expected["scope"])),
        clock=FakeClock(),
        entropy=entropy,
    )
    vault = Vault(parts)
    claim = index.claims.claim(claim_of)
    for info in bucket.list(PACKS):
        add_pack(vault, index, claim, bucket.get(info.name), info.name)
    return vault


def add_pack(vault: Vault, index: MemoryIndex, claim: Claim, data: bytes, name: str) -> None:
    header = decode_pack_header(data)
    assert pack_name(header.id) == name
    record = PackRecord(id=header.id, kind=header.kind, scope=header.scope, key_generation=header.key_generation, size_bytes=len(data))
    entries = [
        (entry.id, Location(header.id, number, entry.offset_bytes, entry.sealed_bytes, entry.raw_bytes))
        for number, entry in enumerate(vault.packs.check_pack(record))
    ]
    index.begin_pack(record, claim)
    index.add_pack(record, entries, claim, checked_at=None)


def points(vault: Vault, expected: Expected) -> list[tuple[Manifest, Point]]:
    return [(vault.manifests.read(ManifestId(uuid.UUID(point["manifest"]))), point) for point in expected["points"]]


def test_every_disk_is_restored_byte_for_byte(vault: Vault, expected: Expected) -> None:
    for manifest, point in points(vault, expected):
        assert {disk.name: disk.state.digest for disk in manifest.disks} == {name: disk["digest"] for name, disk in point["disks"].items()}
        for disk in manifest.disks:
            target = MemoryTarget(disk.state.size_bytes)
            parts = RestoreParts(vault=vault, lanes=InlineLanes(), scope=disk.scope, disk=disk.name, state=disk.state, target=target)
            restore_disk(parts, Reports(on_written=lambda _: None, on_checkpoint=lambda _: None))
            assert first_difference(bytes(target.data), contents(point["disks"][disk.name])) is None


def test_every_object_is_sound(vault: Vault) -> None:
    vault.check_bucket()


def test_the_identity_names_region_and_key(vault: Vault, expected: Expected) -> None:
    (identity,) = read_identities(vault.bucket)
    assert (str(identity.region), identity.name) == (expected["region"], expected["name"])
    assert identity.signing_key == base64.b64decode(expected["signingKey"])


def test_a_copy_s_statement_of_its_source_is_proven_by_the_source_s_key_alone(vault: Vault, expected: Expected) -> None:
    copied = points(vault, expected)[0][0]
    assert copied.source_statement is not None
    original = check_statement(copied.source_statement, base64.b64decode(expected["sourceSigningKey"]))
    assert [disk.state for disk in original.disks] == [disk.state for disk in copied.disks]
    assert [hop.region_name for hop in copied.lineage] == ["eastus", "westus"]


def test_a_token_issued_then_is_read(signer: Signer, expected: Expected) -> None:
    token = expected["token"]
    verifier = TokenVerifier(
        tenant_id=token["tenant"],
        clock=FakeClock(dt.datetime.fromisoformat(token["issuedAt"])),
        key_of=lambda region: signer.public if region == expected["region"] else None,
        knows_client=lambda client: client == token["client"],
    )
    claims = verifier.verify(token["text"])
    assert (claims.client_id, claims.region_id) == (token["client"], expected["region"])


def test_the_catalogue_log_is_read(vault: Vault, expected: Expected) -> None:
    entries = list(vault.catalogue.entries())
    assert [change for entry in entries for change in entry.changes][: len(example_changes())] == list(example_changes())
    left = {change.arm_path: change.resource for entry in entries for change in entry.changes}
    assert sorted(path for path, resource in left.items() if resource is not None) == expected["catalogue"]


def test_a_second_reader_written_from_the_documents_reads_the_same_bytes(folder: Path, expected: Expected) -> None:
    reader = SecondReader(folder)
    for point in expected["points"]:
        body = reader.manifest(point["manifest"])
        disks = body["disks"]
        assert isinstance(disks, list)
        assert len(disks) == len(point["disks"])
        for disk in disks:
            assert isinstance(disk, dict)
            assert first_difference(reader.disk(disk), contents(point["disks"][str(disk["name"])])) is None


def test_a_second_reader_proves_every_signed_object(folder: Path, expected: Expected) -> None:
    reader = SecondReader(folder)
    identity = reader.signed("identity/1", "farpoint/identity/1")
    assert (identity["region"], identity["signingKey"]) == (expected["region"], expected["signingKey"])
    assert reader.signed("epochs/1", "farpoint/epoch/1")["number"] == 1
    assert reader.signed(f"tombstones/{expected['deleted']}", "farpoint/tombstone/1")["manifest"] == expected["deleted"]
    copied = expected["points"][0]["manifest"]
    assert reader.signed(f"receipts/{copied}", "farpoint/receipt/1")["manifest"] == copied


def test_a_second_reader_follows_the_catalogue_log(folder: Path, expected: Expected) -> None:
    left = {}
    for change in SecondReader(folder).catalogue():
        left[str(change["path"])] = change["resource"]
    assert sorted(path for path, resource in left.items() if resource is not None) == expected["catalogue"]
