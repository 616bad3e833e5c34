"""What every bucket must do (farpoint.bucket.bucket.Bucket): the one in a directory and the one in memory."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from farpoint.bucket.bucket import Bucket, ObjectExistsError, ObjectInfo, ObjectMissingError
from farpoint.bucket.directory import DirectoryBucket
from farpoint.errors import Code, RefusedError
from farpoint.testing.memory_bucket import MemoryBucket
from farpoint.testing.memory_disks import first_difference

ILLEGAL = ["", "/a", "a/", "a//b", "../a", "a/../b", ".", "a/.b", ".tmp/0", "A", "a b", "a\0b", "a\n", "ü", "-a", "a/-b", "a" * 201]


@pytest.fixture(params=["memory", "directory"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    return DirectoryBucket(tmp_path / "bucket") if request.param == "directory" else MemoryBucket()


def read(bucket: Bucket, name: str, offset: int, length: int) -> bytes:
    buffer = bytearray(length)
    return bytes(buffer[: bucket.read_into(name, offset, memoryview(buffer))])


def names(bucket: Bucket, prefix: str) -> list[str]:
    return [info.name for info in bucket.list(prefix)]


def test_what_was_put_is_read_back_whole(bucket: Bucket) -> None:
    bucket.put("packs/ab/abcd", [b"one ", bytearray(b"two "), memoryview(b"three")])
    assert bucket.get("packs/ab/abcd") == b"one two three"
    assert bucket.size("packs/ab/abcd") == 13


@pytest.mark.parametrize("parts", [[], [b""], [b"", b""]])
def test_an_object_may_be_empty(bucket: Bucket, parts: list[bytes]) -> None:
    bucket.put("a", parts)
    assert (bucket.get("a"), bucket.size("a"), read(bucket, "a", 0, 10)) == (b"", 0, b"")
    assert list(bucket.list("")) == [ObjectInfo("a", 0)]


def test_an_object_of_5000_parts_is_their_concatenation(bucket: Bucket) -> None:
    parts = [str(number).encode() * (number % 7) for number in range(5000)]
    bucket.put("a", parts)
    assert bucket.get("a") == b"".join(parts)


def test_a_part_larger_than_one_system_call_writes_is_written_whole(bucket: Bucket) -> None:
    part = bytes(range(256)) * (9 << 12)
    bucket.put("a", [b"head", part, b"tail"])
    assert first_difference(bucket.get("a"), b"head" + part + b"tail") is None


def test_names_are_never_written_twice(bucket: Bucket) -> None:
    bucket.put("a/b", [b"first"])
    with pytest.raises(ObjectExistsError) as caught:
        bucket.put("a/b", [b"second"])
    assert caught.value.code is Code.OBJECT_EXISTS
    assert "a/b" in str(caught.value)
    assert bucket.get("a/b") == b"first"


def test_of_eight_threads_that_put_one_name_exactly_one_wins(bucket: Bucket) -> None:
    for attempt in range(20):
        start, wins, refusals = threading.Barrier(8), list[int](), list[int]()
        threads = [threading.Thread(target=put_once, args=(bucket, f"race/{attempt}", me, start, wins, refusals)) for me in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(wins) == 1
        assert len(refusals) == 7
        assert bucket.get(f"race/{attempt}") == bytes([wins[0]]) * 5000


def put_once(bucket: Bucket, name: str, me: int, start: threading.Barrier, wins: list[int], refusals: list[int]) -> None:
    start.wait()
    try:
        bucket.put(name, [bytes([me]) * 5000])
        wins.append(me)
    except ObjectExistsError:
        refusals.append(me)


def test_a_range_is_read_into_the_buffer_given(bucket: Bucket) -> None:
    bucket.put("a", [bytes(range(100))])
    buffer = bytearray(b"\xff" * 10)
    assert bucket.read_into("a", 95, memoryview(buffer)[2:5]) == 3
    assert bytes(buffer) == b"\xff\xff" + bytes([95, 96, 97]) + b"\xff" * 5


@pytest.mark.parametrize(("offset", "length", "expected"), [(0, 5, b"01234"), (3, 5, b"34"), (5, 5, b""), (99, 5, b""), (2, 0, b"")])
def test_a_read_stops_at_the_object_s_end(bucket: Bucket, offset: int, length: int, expected: bytes) -> None:
    bucket.put("a", [b"01234"])
    assert read(bucket, "a", offset, length) == expected


@pytest.mark.parametrize(
    "ask",
    [lambda bucket: bucket.get("a/b"), lambda bucket: bucket.size("a/b"), lambda bucket: read(bucket, "a/b", 0, 1)],
    ids=["get", "size", "read_into"],
)
@pytest.mark.parametrize("there", [[], ["a/b/c"], ["a"]], ids=["nothing there", "a longer name is there", "a shorter name is there"])
def test_a_missing_object_is_named(bucket: Bucket, ask: Callable[[Bucket], object], there: list[str]) -> None:
    for name in there:
        bucket.put(name, [b"x"])
    with pytest.raises(ObjectMissingError) as caught:
        ask(bucket)
    assert caught.value.code is Code.OBJECT_MISSING
    assert "a/b" in str(caught.value)


def test_a_deleted_object_is_gone_and_its_name_is_free(bucket: Bucket) -> None:
    bucket.put("a/b", [b"first"])
    bucket.delete("a/b")
    with pytest.raises(ObjectMissingError):
        bucket.get("a/b")
    assert names(bucket, "") == []
    bucket.put("a/b", [b"second"])
    assert bucket.get("a/b") == b"second"


@pytest.mark.parametrize("name", ["a/b", "packs/ab", "packs/ab/cd/ef"])
def test_deleting_what_is_not_there_is_no_error(bucket: Bucket, name: str) -> None:
    bucket.put("packs/ab/cd", [b"x"])
    bucket.delete(name)
    assert names(bucket, "") == ["packs/ab/cd"]


def test_objects_are_listed_in_name_order_with_their_sizes(bucket: Bucket) -> None:
    for length, name in enumerate(["b", "a/c", "a-b/x", "a/b/d", "a0", "a/b-c"]):
        bucket.put(name, [bytes(length)])
    expected = [("a-b/x", 2), ("a/b-c", 5), ("a/b/d", 3), ("a/c", 1), ("a0", 4), ("b", 0)]
    assert list(bucket.list("")) == [ObjectInfo(name, size) for name, size in expected]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("packs/", ["packs/ab/1", "packs/ab/2", "packs/b/1"]),
        ("packs/ab", ["packs/ab/1", "packs/ab/2"]),
        ("packs/ab/2", ["packs/ab/2"]),
        ("p", ["packs/ab/1", "packs/ab/2", "packs/b/1", "pq/1"]),
        ("keys/", []),
        ("packs/ab/1/x", []),
    ],
)
def test_a_prefix_is_letters_not_folders(bucket: Bucket, prefix: str, expected: list[str]) -> None:
    for name in ("packs/ab/1", "packs/ab/2", "packs/b/1", "pq/1", "receipts/1"):
        bucket.put(name, [b"x"])
    assert names(bucket, prefix) == expected


def test_objects_that_come_and_go_while_they_are_listed_disturb_nobody(bucket: Bucket) -> None:
    for number in range(5):
        bucket.put(f"a/{number}", [b"x"])
    seen = []
    for info in bucket.list("a/"):
        bucket.delete("a/4")
        bucket.put(f"b/{info.name}", [b"x"])
        seen.append(info.name)
    assert seen[:4] == ["a/0", "a/1", "a/2", "a/3"]


@pytest.mark.parametrize("name", ILLEGAL)
@pytest.mark.parametrize("verb", ["put", "get", "read_into", "size", "delete"])
def test_an_illegal_name_is_refused_by_every_verb(bucket: Bucket, verb: str, name: str) -> None:
    calls: dict[str, Callable[[], object]] = {
        "put": lambda: bucket.put(name, [b"x"]),
        "get": lambda: bucket.get(name),
        "read_into": lambda: read(bucket, name, 0, 1),
        "size": lambda: bucket.size(name),
        "delete": lambda: bucket.delete(name),
    }
    with pytest.raises(RefusedError) as caught:
        calls[verb]()
    assert caught.value.code is Code.INVALID_PARAMETER
    assert names(bucket, "") == []
