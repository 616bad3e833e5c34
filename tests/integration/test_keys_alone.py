"""A region is lost but for its bucket, and a recovery kit lies in a safe: with these two every point is read back, byte for byte."""

import io
import json
import shutil
import tomllib
import uuid
from pathlib import Path

import pytest
from attrs import frozen

from farpoint.bootstrap.recovery import has_kit
from farpoint.bucket.bucket import Bucket
from farpoint.bucket.directory import DirectoryBucket
from farpoint.bucket.names import MANIFESTS, PACKS
from farpoint.cli.main import run
from farpoint.clock import SystemClock, SystemEntropy
from farpoint.codec.pack_format import decode_pack_header
from farpoint.config.load import load_config
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.signing import open_signer
from farpoint.model.ids import ManifestId, OperationId, RegionId
from farpoint.model.index import Location, PackRecord
from farpoint.model.manifest import Manifest
from farpoint.movers.lanes import InlineLanes
from farpoint.movers.restore import Reports, RestoreParts, restore_disk
from farpoint.testing.memory_disks import MemoryTarget
from farpoint.testing.memory_index import MemoryIndex
from farpoint.testing.stage import Stage
from farpoint.vault.vault import Vault, VaultParts

PASSPHRASE = "correct horse battery staple"


@frozen
class Home:
    """A region's configuration and keys, and its kit."""

    config: Path
    kit: Path

    def make(self) -> int:
        return run(["region", "recovery-kit", "--config", str(self.config), "--out", str(self.kit)])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Return a region whose commands read the passphrase from stdin."""
    region = tmp_path / "stage" / "eastus"
    region.mkdir(parents=True)
    guid = uuid.uuid5(uuid.NAMESPACE_DNS, "eastus")
    config = tmp_path / "config.toml"
    config.write_text(
        f'[region]\nname = "eastus"\nid = "{guid}"\n[keys]\nfile = "{region}/kek.json"\nsigning = "{region}/signing.pem"\n'
        f'[directory]\ntenant_id = "{guid}"\nsubscription_id = "{guid}"\n'
    )
    say(monkeypatch, PASSPHRASE)
    return Home(config, tmp_path / "safe" / "eastus.kit")


def say(monkeypatch: pytest.MonkeyPatch, passphrase: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{passphrase}\n" * 2))


def test_bucket_and_kit_give_every_point_back(tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(tmp_path / "stage", seed=3, make_bucket=DirectoryBucket)
    stage.add_vm()
    for name in ("rp1", "rp2"):
        stage.create_point(name)
        stage.write_blocks("os", stage.disk_path("os").stat().st_size, (1, 70))
    captured = {name: dict(disks) for name, disks in stage.captured.items()}
    assert home.make() == 0
    stage.stop()
    # Everything but the bucket is gone.
    bucket = shutil.move(tmp_path / "stage" / "eastus" / "bucket", tmp_path / "bucket")
    shutil.rmtree(tmp_path / "stage")
    home.config.unlink()
    capsys.readouterr()
    assert run(["region", "open-recovery-kit", str(home.kit), "--into", str(tmp_path / "new")]) == 0
    told = tomllib.loads(capsys.readouterr().out)
    assert told["region"]["name"] == "eastus"
    vault, manifests = reopen(DirectoryBucket(Path(bucket)), told)
    restored = {manifest.point_id.rpartition("/")[2]: read(vault, manifest) for manifest in manifests}
    assert restored == captured


def reopen(bucket: Bucket, told: dict[str, dict[str, str]]) -> tuple[Vault, list[Manifest]]:
    """Open a bucket with keys alone: the index is made anew from the directories of the packs."""
    index, entropy, clock = MemoryIndex(), SystemEntropy(), SystemClock()
    headers = {info.name: decode_pack_header(bucket.get(info.name)) for info in bucket.list(PACKS)}
    [scope] = {header.scope for header in headers.values()}
    vault = Vault(
        VaultParts(
            bucket=bucket,
            index=index,
            provider=FileKeyProvider.open(Path(told["keys"]["file"]), entropy),
            signer=open_signer(Path(told["keys"]["signing"])),
            region=RegionId(uuid.UUID(told["region"]["id"])),
            scope=scope,
            clock=clock,
            entropy=entropy,
        )
    )
    claim = index.claims.claim(OperationId(entropy.guid()))
    for name, header in headers.items():
        record = PackRecord(id=header.id, kind=header.kind, scope=scope, key_generation=header.key_generation, size_bytes=bucket.size(name))
        entries = [
            (entry.id, Location(header.id, number, entry.offset_bytes, entry.sealed_bytes, entry.raw_bytes))
            for number, entry in enumerate(vault.packs.check_pack(record))
        ]
        index.begin_pack(record, claim)
        index.add_pack(record, entries, claim, checked_at=clock.now())
    return vault, [vault.manifests.read(ManifestId(uuid.UUID(info.name.rpartition("/")[2]))) for info in bucket.list(MANIFESTS)]


def read(vault: Vault, manifest: Manifest) -> dict[str, bytes]:
    contents = {}
    for disk in manifest.disks:
        target = MemoryTarget(disk.state.size_bytes)
        parts = RestoreParts(
            vault=vault, lanes=InlineLanes(), scope=disk.scope, disk=disk.name, state=disk.state, target=target
        )  # fmt: skip
        restore_disk(parts, Reports(on_written=lambda _written: None, on_checkpoint=lambda _offset: None))
        contents[disk.name] = bytes(target.data)
    return contents


@pytest.fixture
def keys(home: Home) -> Home:
    """Return the home with keys made."""
    stage = Stage(home.config.parent / "stage", seed=3)
    stage.stop()
    return home


def test_a_region_knows_whether_there_is_a_kit_of_the_keys_it_has(keys: Home) -> None:
    config = load_config(keys.config)
    assert not has_kit(config)
    assert keys.make() == 0
    assert has_kit(config)
    document = json.loads(config.keys.file.read_bytes())
    document["keys"]["2"] = document["keys"]["1"]
    config.keys.file.write_text(json.dumps(document))
    assert not has_kit(config), "a key was added since"


def test_a_kit_never_replaces_a_file_and_opening_never_replaces_keys(keys: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert keys.make() == 0
    before = keys.kit.read_bytes()
    assert keys.make() != 0
    assert "exists already" in capsys.readouterr().err
    assert keys.kit.read_bytes() == before
    folder = load_config(keys.config).keys.file.parent
    kept = (folder / "kek.json").read_bytes()
    assert run(["region", "open-recovery-kit", str(keys.kit), "--into", str(folder)]) != 0
    assert (folder / "kek.json").read_bytes() == kept


def test_a_kit_is_unpacked_whole_or_not_at_all(keys: Home, tmp_path: Path) -> None:
    assert keys.make() == 0
    folder = tmp_path / "half"
    folder.mkdir()
    (folder / "signing.pem").write_text("another key")
    assert run(["region", "open-recovery-kit", str(keys.kit), "--into", str(folder)]) != 0
    assert [path.name for path in folder.iterdir()] == ["signing.pem"]


@pytest.mark.parametrize("passphrase", ["", "short"])
def test_without_a_passphrase_worth_its_name_there_is_no_kit(
    keys: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], passphrase: str
) -> None:
    say(monkeypatch, passphrase)
    assert keys.make() != 0
    assert "passphrase" in capsys.readouterr().err
    assert not keys.kit.exists()
    assert not has_kit(load_config(keys.config))


def test_a_kit_of_what_is_no_key_is_not_made(keys: Home, capsys: pytest.CaptureFixture[str]) -> None:
    load_config(keys.config).keys.signing.write_text("no key")
    assert keys.make() != 0
    assert "is not a private key" in capsys.readouterr().err
    assert not keys.kit.exists()


def test_a_kit_that_is_not_there_is_named(tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["region", "open-recovery-kit", str(home.kit), "--into", str(tmp_path)]) != 0
    assert f"cannot read {home.kit}" in capsys.readouterr().err
