"""Files that hold keys: private, whole, never replaced; and what is wrapped opens only as it was wrapped."""

import base64
import fcntl
import json
import os
import stat
from pathlib import Path

import pytest

from farpoint.clock import SystemEntropy
from farpoint.errors import Code, FarpointError, IntegrityError, RefusedError
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.private_file import read_private_file, write_private_file
from farpoint.keys.signing import check_signature, create_signing_key, open_signer
from farpoint.testing.ambient import SeededEntropy

ENTROPY = SystemEntropy()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys/kek.json"


def provider(path: Path) -> FileKeyProvider:
    FileKeyProvider.create(path, ENTROPY)
    return FileKeyProvider.open(path, ENTROPY)


def refusal(path: Path) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        FileKeyProvider.open(path, ENTROPY)
    assert caught.value.code is Code.KEY_UNAVAILABLE
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


def test_a_fresh_key_file_is_for_us_only_and_works(path: Path) -> None:
    keys = provider(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert keys.current_version == 1
    assert keys.unwrap(1, keys.wrap(1, b"secret", context=b"c"), context=b"c") == b"secret"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666])
def test_a_key_file_that_others_can_touch_is_refused(path: Path, mode: int) -> None:
    provider(path)
    path.chmod(mode)
    error = refusal(path)
    assert f"mode {mode:04o}" in error.message
    assert f"chmod 600 {path}" in error.hint


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_a_key_file_that_only_we_can_touch_is_taken(path: Path, mode: int) -> None:
    provider(path)
    path.chmod(mode)
    assert FileKeyProvider.open(path, ENTROPY).current_version == 1


def test_a_missing_key_file_is_refused(path: Path) -> None:
    assert "No such file" in refusal(path).message


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_directory_is_no_key_file(path: Path, mode: int) -> None:
    path.mkdir(parents=True)
    path.chmod(mode)
    assert "is not a file" in refusal(path).message


def test_a_fifo_is_refused_and_not_waited_for(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    assert "is not a file" in refusal(path).message


KEY = base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "7",
        "not json",
        "\xff",
        json.dumps({"format": "farpoint-key-file/2", "keys": {"1": KEY}}),
        json.dumps({"format": "farpoint-key-file/1", "keys": {}}),
        json.dumps({"format": "farpoint-key-file/1", "keys": []}),
        json.dumps({"format": "farpoint-key-file/1", "keys": {"one": KEY}}),
        json.dumps({"format": "farpoint-key-file/1", "keys": {"1": KEY[:-8]}}),
        json.dumps({"format": "farpoint-key-file/1", "keys": {"1": KEY, "2": base64.b64encode(b"short").decode()}}),
        json.dumps({"format": "farpoint-key-file/1", "keys": {"1": 5}}),
        json.dumps({"format": "farpoint-key-file/1", "keys": {"1": KEY}})[:-5],
    ],
)
def test_a_damaged_key_file_is_refused_without_showing_keys(path: Path, text: str) -> None:
    write_private_file(path, text.encode("latin-1"))
    assert KEY[:20] not in str(refusal(path))


def test_keys_are_never_overwritten(path: Path) -> None:
    provider(path)
    before = path.read_bytes()
    with pytest.raises(FarpointError) as caught:
        FileKeyProvider.create(path, ENTROPY)
    assert caught.value.code is Code.CONFLICT
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_a_crash_left_behind_does_not_stand_in_the_way(path: Path) -> None:
    path.parent.mkdir()
    path.with_name(".kek.json.new").write_bytes(b"half")
    write_private_file(path, b"whole")
    assert read_private_file(path) == b"whole"


def test_the_highest_version_wraps_and_every_version_unwraps(path: Path) -> None:
    keys = FileKeyProvider(path, {1: b"a" * 32, 3: b"b" * 32, 2: b"c" * 32}, SeededEntropy(1))
    assert keys.current_version == 3
    for version in (1, 2, 3):
        assert keys.unwrap(version, keys.wrap(version, b"secret", context=b"x"), context=b"x") == b"secret"


def test_what_was_wrapped_opens_only_under_its_version_and_context(path: Path) -> None:
    keys = FileKeyProvider(path, {1: b"a" * 32, 2: b"b" * 32}, SeededEntropy(1))
    wrapped = keys.wrap(1, b"secret", context=b"x")
    for version, data, context in (
        (2, wrapped, b"x"),
        (1, wrapped, b"y"),
        (1, wrapped[:-1], b"x"),
        (1, b"", b"x"),
        (1, wrapped[:12], b"x"),
    ):
        with pytest.raises(IntegrityError):
            keys.unwrap(version, data, context=context)
    with pytest.raises(RefusedError, match="no key version 9") as caught:
        keys.unwrap(9, wrapped, context=b"x")
    assert caught.value.code is Code.KEY_UNAVAILABLE


def test_no_two_wraps_use_one_nonce(path: Path) -> None:
    keys = provider(path)
    assert len({keys.wrap(1, b"secret", context=b"x")[:12] for _ in range(100)}) == 100


def test_a_signing_key_signs_and_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    create_signing_key(path)
    signer = open_signer(path)
    check_signature(signer.public, b"message", signer.sign(b"message"))
    assert open_signer(path).public == signer.public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_signature_of_something_else_is_refused(tmp_path: Path) -> None:
    create_signing_key(tmp_path / "signing.pem")
    signer = open_signer(tmp_path / "signing.pem")
    signature = signer.sign(b"message")
    for public, message, given in (
        (signer.public, b"massage", signature),
        (bytes(32), b"message", signature),
        (b"", b"message", signature),
        (signer.public, b"message", b""),
        (signer.public, b"message", bytes([signature[0] ^ 1]) + signature[1:]),
    ):
        with pytest.raises(IntegrityError):
            check_signature(public, message, given)


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_signing_key_is_refused(tmp_path: Path, text: str) -> None:
    write_private_file(tmp_path / "signing.pem", text.encode())
    with pytest.raises(RefusedError) as caught:
        open_signer(tmp_path / "signing.pem")
    assert caught.value.code is Code.KEY_UNAVAILABLE


def test_a_signing_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    create_signing_key(tmp_path / "signing.pem")
    (tmp_path / "signing.pem").chmod(0o644)
    with pytest.raises(RefusedError, match="others can read it"):
        open_signer(tmp_path / "signing.pem")


def test_a_version_is_added_beside_those_that_are_there(path: Path) -> None:
    wrapped = provider(path).wrap(1, b"secret", context=b"c")
    assert FileKeyProvider.add_version(path, ENTROPY) == 2
    assert FileKeyProvider.add_version(path, ENTROPY) == 3
    opened = FileKeyProvider.open(path, ENTROPY)
    assert opened.current_version == 3
    assert opened.unwrap(1, wrapped, context=b"c") == b"secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(set(json.loads(path.read_bytes())["keys"].values())) == 3
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_two_that_add_a_version_at_once_do_not_lose_one(path: Path) -> None:
    provider(path)
    before = path.read_bytes()
    folder = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with pytest.raises(RefusedError, match="another process is changing a key file"):
        FileKeyProvider.add_version(path, ENTROPY)
    os.close(folder)
    assert path.read_bytes() == before
    assert FileKeyProvider.add_version(path, ENTROPY) == 2


@pytest.mark.parametrize("text", [b"", b"{}", b'{"format": "farpoint-key-file/1", "keys": {}}'])
def test_nothing_is_added_to_a_damaged_file(path: Path, text: bytes) -> None:
    write_private_file(path, text)
    with pytest.raises(RefusedError):
        FileKeyProvider.add_version(path, ENTROPY)
    assert path.read_bytes() == text


@pytest.mark.root
def test_a_version_that_root_adds_leaves_the_file_to_its_owner(path: Path) -> None:
    provider(path)
    os.chown(path, 12345, 12346)
    assert FileKeyProvider.add_version(path, ENTROPY) == 2
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 12346, 0o600)
