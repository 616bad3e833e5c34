"""The bucket in a directory: what the system is asked to make durable and in which order, crashes, and full disks."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from farpoint.bucket.directory import DirectoryBucket
from farpoint.errors import Code, OutOfSpaceError, UnavailableError

MIB = 1 << 20
PACK = "packs/ab/ab" + "0" * 46
MANIFEST = "manifests/9d8402e2-ff7b-4674-9ac7-52e6c39536e7"
#: What another process does: the bucket is there already, and each put is between two marks.
PUTS = """
import os, sys
from pathlib import Path
from farpoint.bucket.directory import DirectoryBucket
bucket = DirectoryBucket(Path(sys.argv[1]))
for name in sys.argv[2:]:
    os.write(1, b"begin")
    bucket.put(name, [b"head", b"body" * 100_000, b"tail"])
    os.write(1, b"end")
"""
CALLS = (
    "open,openat,mkdir,mkdirat,write,writev,pwrite64,pwritev,fsync,fdatasync,sync_file_range,link,linkat,"
    "rename,renameat,renameat2,unlink,unlinkat"
)
#: A line of strace -y, with the path of the first descriptor: ``fsync(3</path>) = 0``.
LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (\d+)(?:<.*>)?$")


def traced(root: Path, *names: str) -> list[list[str]]:
    """Return, per put, the calls that change anything, as ``verb path`` relative to the bucket."""
    command = [
        "strace",
        "-f",
        "-y",
        "-s",
        "256",
        "-e",
        f"trace={CALLS}",
        "-o",
        "/dev/stderr",
        sys.executable,
        "-c",
        PUTS,
        str(root),
        *names,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    puts: list[list[str]] = []
    recording = False
    for line in done.stderr.splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        verb, arguments, _ = found.groups()
        if arguments.startswith("1<") and '"begin"' in arguments:
            puts.append([])
        recording = bool(puts) and (recording or '"begin"' in arguments) and '"end"' not in arguments
        if recording and not arguments.startswith("1<"):
            puts[-1] += words_of(root, verb, arguments)
    return puts


def words_of(root: Path, verb: str, arguments: str) -> Iterator[str]:
    """Put a call in words; reading and closing change nothing."""
    places = [
        place.removeprefix(str(root)).lstrip("/") or "." for place in re.findall(rf'[<"]({re.escape(str(root))}[^>"]*)[>"]', arguments)
    ]
    if verb.startswith("open"):
        if "O_CREAT" in arguments:
            assert "O_EXCL" in arguments
            yield f"create {places[0]}"
    elif verb.startswith("link"):
        yield f"link {places[0]} to {places[1]}"
    else:
        yield f"{re.sub('at$|v$', '', verb)} {places[0]}"


@pytest.mark.needs_tool("strace")
def test_a_put_returns_after_file_directory_and_new_parents_are_synced_in_this_order(tmp_path: Path) -> None:
    root = tmp_path / "bucket"
    DirectoryBucket(root)
    first_pack, second_pack, manifest = traced(root, PACK, PACK + "1", MANIFEST)
    assert first_pack == [
        "mkdir packs",
        "fsync .",
        "mkdir packs/ab",
        "fsync packs",
        "create .tmp/0",
        "write .tmp/0",
        "fsync .tmp/0",
        f"link .tmp/0 to {PACK}",
        "fsync packs/ab",
        "unlink .tmp/0",
    ]
    assert second_pack == [
        "create .tmp/1",
        "write .tmp/1",
        "fsync .tmp/1",
        f"link .tmp/1 to {PACK}1",
        "fsync packs/ab",
        "unlink .tmp/1",
    ]
    assert manifest == [
        "mkdir manifests",
        "fsync .",
        "create .tmp/2",
        "write .tmp/2",
        "fsync .tmp/2",
        f"link .tmp/2 to {MANIFEST}",
        "fsync manifests",
        "unlink .tmp/2",
    ]


@pytest.mark.needs_tool("strace")
def test_a_directory_that_a_killed_process_made_is_synced_again(tmp_path: Path) -> None:
    root = tmp_path / "bucket"
    DirectoryBucket(root)
    (root / "packs/ab").mkdir(parents=True)
    (calls,) = traced(root, PACK)
    assert [call for call in calls if call.startswith("fsync")] == ["fsync .", "fsync packs", "fsync .tmp/0", "fsync packs/ab"]


def test_what_crashed_puts_left_behind_is_removed_at_the_next_start(tmp_path: Path) -> None:
    DirectoryBucket(tmp_path).put("a", [b"x"])
    (tmp_path / ".tmp/7").write_bytes(b"half a pack")
    again = DirectoryBucket(tmp_path)
    assert list((tmp_path / ".tmp").iterdir()) == []
    assert [info.name for info in again.list("")] == ["a"]
    again.put("b", [b"y"])


def test_a_put_that_is_under_way_is_not_listed(tmp_path: Path) -> None:
    bucket = DirectoryBucket(tmp_path)
    (tmp_path / ".tmp/7").write_bytes(b"half a pack")
    assert list(bucket.list("")) == []


def test_objects_are_for_us_only(tmp_path: Path) -> None:
    DirectoryBucket(tmp_path / "bucket").put(PACK, [b"x"])
    assert (tmp_path / "bucket" / PACK).stat().st_mode & 0o777 == 0o600
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "bucket").rglob("*") if path.is_dir()} == {0o700}


def test_a_broken_file_system_is_unavailable_and_says_what_was_asked(tmp_path: Path) -> None:
    bucket = DirectoryBucket(tmp_path / "bucket")
    bucket.put("a/b", [b"x"])
    (tmp_path / "bucket/a/b").unlink()
    (tmp_path / "bucket/a/b").symlink_to("b")
    with pytest.raises(UnavailableError) as caught:
        bucket.get("a/b")
    assert "cannot read object a/b" in str(caught.value)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Mount 2 MiB of memory."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.root
@pytest.mark.needs_tool("mount")
def test_a_full_disk_says_what_is_needed_and_free_and_keeps_nothing(small: Path) -> None:
    bucket = DirectoryBucket(small / "bucket")
    bucket.put(PACK, [bytes(MIB)])
    with pytest.raises(OutOfSpaceError) as caught:
        bucket.put(MANIFEST, [bytes(MIB), bytes(MIB)])
    error = caught.value
    assert (error.code, error.needed_bytes, error.place.pack) == (Code.OUT_OF_SPACE, 2 * MIB, MANIFEST)
    assert 0 < error.free_bytes <= MIB
    assert [path for path in small.rglob("*") if path.is_file()] == [small / "bucket" / PACK]
    bucket.delete(PACK)
    bucket.put(MANIFEST, [bytes(MIB)])
    assert bucket.get(MANIFEST) == bytes(MIB)
