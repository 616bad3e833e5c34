"""Entries of the catalogue log: everything that is said comes back, and nothing else is taken for an entry."""

import datetime as dt
import json

import pytest
from attrs import evolve, fields

from farpoint.codec.catalogue_body import CatalogueCodec
from farpoint.codec.catalogue_format import NO_ENTRY, EntryHeader, decode_entry, decode_entry_header, encode_entry
from farpoint.errors import Cause, IntegrityError, Place
from farpoint.keys.signing import Signer, check_signature
from farpoint.model.catalogue import RECORD_TYPES, ResourceChange, ResourceKind
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.documents import JsonValue, canonical_json
from farpoint.model.ids import NodeId, OperationId, RegionId, ScopeId
from farpoint.model.operations import Failure
from farpoint.model.resources import Disk
from farpoint.testing.example_rows import example_changes, example_disk, guid

CODEC = CatalogueCodec()
DISK = example_disk()
SIGNER = Signer.from_seed(bytes(range(32)))
KEY = bytes(range(32, 64))
HEADER = EntryHeader(
    region=RegionId(guid(1)), scope=ScopeId(guid(2)), key_generation=3, epoch=4, seq=5, previous=NO_ENTRY, salt=bytes(range(32))
)
FAILURE = Failure(
    code="IntegrityError",
    message="a file that is no UTF-8: \udcff, and one that is: ü",
    hint="look",
    place=Place(disk="os", offset_bytes=1, length_bytes=2, pack="packs/aa", frame=3),
    cause=Cause.DAMAGE,
    percent=50,
    attempts=3,
    bytes_safe=4096,
)


def change_of(disk: Disk = DISK) -> ResourceChange:
    return ResourceChange(kind=ResourceKind.DISK, guid=disk.id, arm_path="/disks/os", resource=disk)


def sealed(changes: tuple[ResourceChange, ...]) -> bytes:
    body = CODEC.encode(changes)
    return encode_entry(HEADER, body, SIGNER.sign(HEADER.signed_message(body)), KEY)


def opened(data: bytes) -> tuple[ResourceChange, ...]:
    body, signature = decode_entry(data, KEY)
    check_signature(SIGNER.public, decode_entry_header(data).signed_message(body), signature)
    return CODEC.decode(body)


def test_there_is_an_example_of_every_kind() -> None:
    assert {change.kind for change in example_changes()} == set(ResourceKind) == set(RECORD_TYPES)


def test_every_kind_of_resource_and_a_deletion_come_back() -> None:
    assert CODEC.decode(CODEC.encode(example_changes())) == example_changes()


@pytest.mark.parametrize("root", [None, NodeId(bytes(range(32)))])
def test_what_is_optional_comes_back_when_it_is_there(root: NodeId | None) -> None:
    state = DiskState(geometry=Geometry(size_bytes=1 << 20, block_bytes=1 << 16), root=root)
    change = change_of(evolve(DISK, state=state, operation=OperationId(guid(9)), failure=FAILURE, os_type=None, managed_by="/vm"))
    assert CODEC.decode(CODEC.encode([change])) == (change,)


def test_documents_of_clients_come_back_as_they_are() -> None:
    change = change_of(evolve(DISK, tags={"snake_case": {"camelCase": [1, 2.5, None, True, "ü", {}]}, "": 10**30}))
    assert CODEC.decode(CODEC.encode([change])) == (change,)


def test_a_moment_keeps_its_microseconds() -> None:
    change = change_of(evolve(DISK, time_created=dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)))
    assert CODEC.decode(CODEC.encode([change])) == (change,)


def test_a_record_has_every_field_of_its_row_under_its_name_in_camel_case() -> None:
    [change] = json.loads(CODEC.encode([change_of()]))["changes"]
    names = {field.name.replace("_", "").lower() for field in fields(RECORD_TYPES[ResourceKind.DISK])}
    assert {name.lower() for name in change["resource"]} == names
    assert {"sizeBytes", "createOption", "timeCreated"} <= change["resource"].keys()


def altered(path: list[str | int], value: JsonValue) -> bytes:
    document = json.loads(CODEC.encode([change_of()]))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return canonical_json(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], "farpoint-catalogue/2"),
        (["more"], 1),
        (["changes"], {}),
        (["changes"], None),
        (["changes", 0], "text"),
        (["changes", 0, "kind"], "cloud"),
        (["changes", 0, "kind"], "virtualMachine"),
        (["changes", 0, "id"], "1"),
        (["changes", 0, "path"], 1),
        (["changes", 0, "more"], 1),
        (["changes", 0, "resource"], {}),
        (["changes", 0, "resource"], "text"),
        (["changes", 0, "resource", "more"], 1),
        (["changes", 0, "resource", "name"], 1),
        (["changes", 0, "resource", "sizeBytes"], "8"),
        (["changes", 0, "resource", "sizeBytes"], True),
        (["changes", 0, "resource", "createOption"], "Dream"),
        (["changes", 0, "resource", "timeCreated"], "yesterday"),
        (["changes", 0, "resource", "state"], "1-2-3"),
        (["changes", 0, "resource", "id"], "1"),
    ],
)
def test_a_body_that_says_anything_else_is_refused(path: list[str | int], value: JsonValue) -> None:
    with pytest.raises(IntegrityError):
        CODEC.decode(altered(path, value))


def test_a_record_written_before_a_field_was_added_is_read_with_the_field_s_default() -> None:
    document = json.loads(CODEC.encode([change_of(evolve(DISK, managed_by="/vm"))]))
    del document["changes"][0]["resource"]["managedBy"]
    assert CODEC.decode(canonical_json(document)) == (change_of(),)


@pytest.mark.parametrize("path", [["format"], ["changes"], ["changes", 0, "path"], ["changes", 0, "resource", "name"]])
def test_a_body_that_lacks_what_has_no_default_is_refused(path: list[str | int]) -> None:
    document = json.loads(CODEC.encode([change_of()]))
    place = document
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    with pytest.raises(IntegrityError):
        CODEC.decode(canonical_json(document))


def test_a_body_that_is_no_canonical_json_is_refused() -> None:
    for body in (b"", b"{", b"[]", b"{}", b"\xff", CODEC.encode([]) + b" "):
        with pytest.raises(IntegrityError):
            CODEC.decode(body)


def test_an_entry_opens_with_its_key_and_only_with_it() -> None:
    data = sealed(example_changes())
    assert decode_entry_header(data) == HEADER
    assert opened(data) == example_changes()
    with pytest.raises(IntegrityError):
        decode_entry(data, bytes(32))


def test_nothing_of_a_record_can_be_read_without_the_key() -> None:
    assert b"default" not in sealed(example_changes())


def test_every_flipped_bit_of_an_entry_is_detected() -> None:
    data = sealed((change_of(),))
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(IntegrityError):
            opened(bytes(changed))


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_truncated_entry_is_detected(length: int) -> None:
    with pytest.raises(IntegrityError):
        opened(sealed(())[:length])


@pytest.mark.parametrize(
    "moved",
    [
        evolve(HEADER, epoch=5),
        evolve(HEADER, seq=6),
        evolve(HEADER, region=RegionId(guid(3))),
        evolve(HEADER, previous=bytes(range(32))),
    ],
    ids=["epoch", "seq", "region", "previous"],
)
def test_a_signature_holds_for_one_place_in_one_chain(moved: EntryHeader) -> None:
    body = CODEC.encode(())
    signature = SIGNER.sign(HEADER.signed_message(body))
    with pytest.raises(IntegrityError):
        check_signature(SIGNER.public, moved.signed_message(body), signature)
