"""Write tests/golden/format-1: a tiny bucket in format 1, with its keys. Run once, when the format was final; never again.

    python tests/golden/make_format_1.py

What it writes is what every later version must still read. A new format gets a script and a folder of its own.
"""

import hashlib
import json
from pathlib import Path
from typing import TypedDict

from attrs import evolve
from cryptography.hazmat.primitives import serialization

from farpoint.bucket.directory import DirectoryBucket
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.tokens import TokenIssuer
from farpoint.model.documents import encode_base64
from farpoint.model.manifest import Manifest
from farpoint.testing.ambient import SeededEntropy
from farpoint.testing.example_rows import example_changes
from farpoint.testing.small_vault import SmallVault

FOLDER = Path(__file__).parent / "format-1"
BLOCK = 65536
TENANT, CLIENT = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"


class Piece(TypedDict):
    """Bytes of a disk: *length* bytes of SHAKE-256 of *seed* (noise), or of its repetition (text)."""

    offset: int
    length: int
    kind: str
    seed: str


class Disk(TypedDict):
    """A disk as the golden test makes it again."""

    sizeBytes: int
    pieces: list[Piece]


OS: Disk = {
    "sizeBytes": 5 * BLOCK,
    "pieces": [
        {"offset": 0, "length": BLOCK, "kind": "noise", "seed": "a block that does not compress"},
        {"offset": BLOCK + 4096, "length": 20000, "kind": "text", "seed": "a block that does "},
        {"offset": 3 * BLOCK, "length": 100, "kind": "text", "seed": "short "},
    ],
}
DATA: Disk = {
    "sizeBytes": 66 * BLOCK + 512,
    "pieces": [
        {"offset": 63 * BLOCK, "length": 2 * BLOCK, "kind": "text", "seed": "over the edge of two leaves "},
        {"offset": 66 * BLOCK, "length": 512, "kind": "noise", "seed": "the last block is a sector"},
    ],
}
OWN: Disk = {"sizeBytes": BLOCK, "pieces": [{"offset": 0, "length": 3000, "kind": "noise", "seed": "captured here"}]}
ZEROS: Disk = {"sizeBytes": 3 * BLOCK, "pieces": []}


def make(disk: Disk) -> bytes:
    """Return the disk's bytes."""
    data = bytearray(disk["sizeBytes"])
    for piece in disk["pieces"]:
        seed, length = piece["seed"].encode(), piece["length"]
        part = hashlib.shake_256(seed).digest(length) if piece["kind"] == "noise" else (seed * (length // len(seed) + 1))[:length]
        data[piece["offset"] : piece["offset"] + length] = part
    return bytes(data)


def main() -> None:
    """Write everything; refuse to write it again."""
    FOLDER.mkdir()
    east = SmallVault("eastus", seed=101)
    west = SmallVault("westus", seed=102, bucket=DirectoryBucket(FOLDER / "bucket"))
    original = east.publish({"os": east.capture(make(OS)).state, "data": east.capture(make(DATA)).state})
    copied = west.copy(east, original)
    west.clock.advance(60)
    own = west.publish({"own": west.capture(make(OWN)).state, "zeros": west.capture(make(ZEROS)).state}, parent=copied)
    deleted = west.publish({"own": west.capture(make(OWN)).state})
    west.vault.manifests.bury(deleted.id, point_id=deleted.point_id)
    changes = example_changes()
    west.tell(*changes)
    west.tell(*(evolve(change, resource=None) for change in changes[:2]))
    (FOLDER / "bucket/.tmp").rmdir()
    write_keys(west)
    issuer = TokenIssuer(
        signer=west.signer, region_id=str(west.region), tenant_id=TENANT, endpoint="https://westus.test", clock=west.clock
    )
    token, _ = issuer.issue(CLIENT)
    expected = {
        "region": str(west.region),
        "name": west.name,
        "scope": str(west.scope),
        "signingKey": encode_base64(west.signer.public),
        "sourceSigningKey": encode_base64(east.signer.public),
        "points": [described(copied, {"os": OS, "data": DATA}), described(own, {"own": OWN, "zeros": ZEROS})],
        "deleted": str(deleted.id),
        "catalogue": sorted(change.arm_path for change in changes[2:] if change.resource is not None),
        "token": {"text": token, "tenant": TENANT, "client": CLIENT, "issuedAt": west.clock.now().isoformat()},
    }
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


def write_keys(vault: SmallVault) -> None:
    """Write the key file and the signing key as a region has them; git does not keep their mode."""
    FileKeyProvider.create(FOLDER / "keys/kek.json", SeededEntropy(0))
    text = (FOLDER / "keys/kek.json").read_text(encoding="utf-8")
    key = json.loads(text)["keys"]["1"]
    (FOLDER / "keys/kek.json").write_text(text.replace(key, encode_base64(vault.kek)), encoding="utf-8")
    pem = vault.signer.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (FOLDER / "keys/signing.pem").write_bytes(pem)


def described(point: Manifest, disks: dict[str, Disk]) -> dict[str, object]:
    """Say what a point must give back."""
    digests = {disk.name: disk.state.digest for disk in point.disks}
    return {"manifest": str(point.id), "disks": {name: {"digest": digests[name], **disk} for name, disk in disks.items()}}


if __name__ == "__main__":
    main()
