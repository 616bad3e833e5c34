"""Messages between regions: each is read as it was written, and a wrong field is named."""

import uuid

import pytest
from attrs import evolve

from farpoint.errors import Code, FarpointError, HoldLostError, IntegrityError, OutOfSpaceError, Place, RefusedError, UnavailableError
from farpoint.model.directory import DirectoryRecord
from farpoint.model.ids import ManifestId, OperationId, RegionId
from farpoint.model.manifest import SignedStatement
from farpoint.model.relay import CatalogueEntry, CataloguePage, RelayedAnswer, RelayedRequest
from farpoint.model.remote import HeldPoint, NodePath, RegionIdentity
from farpoint.peers.documents import Fields, decode_document, encode_document
from farpoint.peers.messages import (
    BlocksRequest,
    ClearGroupRequest,
    HoldRequest,
    NodesRequest,
    ReleaseRequest,
    held_from_json,
    held_to_json,
    identity_from_json,
    identity_to_json,
)
from farpoint.peers.problems import problem_from_json, problem_to_json, status_of
from farpoint.peers.protocol import BLOCKS_MAX, MEASURE_MAX, NODES_MAX, VERSION, check_version, shared_version
from farpoint.peers.relay_messages import (
    page_from_json,
    page_to_json,
    record_from_json,
    record_to_json,
    relayed_answer_from_json,
    relayed_answer_to_json,
    relayed_request_from_json,
    relayed_request_to_json,
)

GUID = uuid.UUID("12345678-1234-4234-8234-123456789abc")


def sent(document: object) -> Fields:
    assert isinstance(document, dict)
    return decode_document(encode_document(document))


def test_a_hold_request_is_read_as_written() -> None:
    request = HoldRequest(point_id="/subscriptions/s/…/ünïcode", operation=OperationId(GUID), assertion="a.b.c")

    assert HoldRequest.from_json(sent(request.to_json())) == request


def test_a_nodes_request_is_read_as_written() -> None:
    request = NodesRequest(token="1-2", disk="os", paths=(NodePath(level=2, index=0), NodePath(level=0, index=4095)))

    assert NodesRequest.from_json(sent(request.to_json())) == request


def test_a_blocks_request_is_read_as_written() -> None:
    request = BlocksRequest(token="1-2", disk="os", blocks=(0, 5, 2**40))

    assert BlocksRequest.read_blocks(sent(request.to_json())) == request


@pytest.mark.parametrize("receipt", [None, b"", b"\x00\xff receipt"])
def test_a_release_request_is_read_as_written(receipt: bytes | None) -> None:
    request = ReleaseRequest(token="1-2", receipt=receipt)

    assert ReleaseRequest.from_json(sent(request.to_json())) == request


def test_an_identity_is_read_as_written() -> None:
    identity = RegionIdentity(
        region=RegionId(GUID), name="eastus", signing_key=b"s" * 32, token_key=b"t" * 32, endpoint="https://e:8443", versions=(2, 1)
    )

    assert identity_from_json(sent(identity_to_json(identity))) == identity


def test_a_held_point_is_read_as_written() -> None:
    statement = SignedStatement(region=RegionId(GUID), manifest=ManifestId(GUID), body=b"\x00body", signature=b"\xffsig")
    held = HeldPoint(token="7-42", statement=statement, facts={"disks": {"os": {"lun": None}}})

    assert held_from_json(sent(held_to_json(held))) == held


def test_a_clear_group_request_is_read_as_written() -> None:
    request = ClearGroupRequest(group="Default", operation=OperationId(GUID), look_only=True, assertion="a.b.c")

    assert ClearGroupRequest.from_json(sent(request.to_json())) == request


RECORD = DirectoryRecord(kind="group", path="/resourceGroups/Default", version=3, origin=RegionId(GUID), body={"tags": {"a": "b"}})


def test_a_catalogue_page_is_read_as_written() -> None:
    gone, there, record = (
        CatalogueEntry(seq=4, path="/resourceGroups/g/providers/Microsoft.Compute/disks/gone"),
        CatalogueEntry(seq=7, path="/resourceGroups/g/providers/Microsoft.Compute/disks/os", documents=({"name": "os"}, {"name": "part"})),
        CatalogueEntry(seq=7, path=RECORD.path, record=RECORD),
    )
    page = CataloguePage(epoch=2, head=9, entries=(gone, there, record))

    assert page_from_json(sent(page_to_json(page))) == page
    tombstone = evolve(RECORD, deleted=True, body={})
    assert record_from_json(sent(record_to_json(tombstone))) == tombstone


def test_a_forwarded_request_and_its_answer_are_read_as_written() -> None:
    request = RelayedRequest(
        method="PUT", path="/ünï", query="", headers=(("accept", ""), ("authorization", "Bearer x")), body=b"\x00\xff", client=""
    )
    answer = RelayedAnswer(status=201, headers=(("retry-after", "1"), ("x", "1"), ("x", "2")), body=b"")

    assert relayed_request_from_json(sent(relayed_request_to_json(request))) == request
    assert relayed_answer_from_json(sent(relayed_answer_to_json(answer))) == answer


_DISK = "/resourceGroups/g/providers/Microsoft.Compute/disks/os"


def test_documents_of_what_is_no_resource_are_refused() -> None:
    entry = {"seq": 1, "path": "/resourceGroups/g", "documents": [{"name": "g"}]}
    with pytest.raises(ValueError, match="is not an ARM resource id"):
        page_from_json(sent({"epoch": 1, "head": 1, "entries": [entry]}))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"epoch": 1, "head": 1, "entries": {}}, "entries"),
        ({"epoch": 1, "head": 1, "entries": [1]}, "entries"),
        ({"epoch": 1, "head": 1, "entries": [{"seq": 1, "path": "", "documents": []}]}, "path"),
        ({"epoch": 1, "head": 1, "entries": [{"seq": 1, "path": "/p", "documents": [None]}]}, "documents"),
        ({"epoch": 1, "head": 1, "entries": [{"seq": 1, "path": _DISK, "documents": [{}]}]}, "name"),
        ({"epoch": -1, "head": 1, "entries": []}, "epoch"),
    ],
)
def test_a_malformed_page_is_refused_naming_the_field(document: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"field '{field}' must be"):
        page_from_json(sent(document))


def test_too_many_headers_are_refused() -> None:
    headers = [{"name": "x", "value": "y"}] * 65
    with pytest.raises(ValueError, match="at most 64 headers"):
        relayed_answer_from_json(sent({"status": 200, "headers": headers, "body": ""}))


def test_a_record_whose_mark_is_no_flag_is_refused() -> None:
    with pytest.raises(ValueError, match="field 'deleted' must be true or false"):
        record_from_json(sent({**record_to_json(RECORD), "deleted": 1}))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"disk": "os", "blocks": [1]}, "token"),
        ({"token": 5, "disk": "os", "blocks": [1]}, "token"),
        ({"token": "t" * 5000, "disk": "os", "blocks": [1]}, "token"),
        ({"token": "1-1", "disk": "", "blocks": [1]}, "disk"),
        ({"token": "1-1", "disk": "os", "blocks": []}, "blocks"),
        ({"token": "1-1", "disk": "os", "blocks": [-1]}, "blocks"),
        ({"token": "1-1", "disk": "os", "blocks": [True]}, "blocks"),
        ({"token": "1-1", "disk": "os", "blocks": [1.5]}, "blocks"),
        ({"token": "1-1", "disk": "os", "blocks": {"0": 1}}, "blocks"),
        ({"token": "1-1", "disk": "os", "blocks": list(range(BLOCKS_MAX + 1))}, "blocks"),
    ],
)
def test_a_wrong_field_is_named(document: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"'{field}'"):
        BlocksRequest.read_blocks(sent(document))


def test_batches_are_bounded() -> None:
    blocks = list(range(MEASURE_MAX + 1))
    paths = [[0, index] for index in range(NODES_MAX + 1)]

    with pytest.raises(ValueError, match=str(MEASURE_MAX)):
        BlocksRequest.read_measure(sent({"token": "1-1", "disk": "os", "blocks": blocks}))
    with pytest.raises(ValueError, match=str(NODES_MAX)):
        NodesRequest.from_json(sent({"token": "1-1", "disk": "os", "paths": paths}))


@pytest.mark.parametrize("paths", [[[1]], [[1, 2, 3]], [5], [["0", 1]], [[-1, 0]]])
def test_a_path_is_a_pair_of_whole_numbers(paths: list[object]) -> None:
    with pytest.raises(ValueError, match="'paths'"):
        NodesRequest.from_json(sent({"token": "1-1", "disk": "os", "paths": paths}))


def test_a_key_of_another_length_is_refused() -> None:
    identity = RegionIdentity(
        region=RegionId(GUID), name="e", signing_key=b"short", token_key=b"t" * 32, endpoint="https://e", versions=(1,)
    )
    with pytest.raises(ValueError, match="signingKey"):
        identity_from_json(sent(identity_to_json(identity)))


@pytest.mark.parametrize("data", [b"", b"[]", b"3", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_document(data)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RefusedError(Code.COPY_SOURCE_NOT_FOUND, "gone", hint="Choose another."), 404),
        (RefusedError(Code.PEER_UNTRUSTED, "who?"), 403),
        (RefusedError(Code.INVALID_PARAMETER, "no"), 400),
        (UnavailableError(Code.RESTORE_POINT_NOT_READY, "later"), 503),
        (HoldLostError("hold 1-1 is gone"), 410),
        (IntegrityError("bad", place=Place(disk="os", offset_bytes=0, length_bytes=512, pack="packs/a", frame=0)), 422),
    ],
)
def test_an_error_arrives_as_what_it_is(error: FarpointError, status: int) -> None:
    arrived = problem_from_json(sent(problem_to_json(error)), peer="eastus")

    assert type(arrived) is type(error)
    assert (arrived.code, arrived.message, arrived.hint) == (error.code, f"region eastus says: {error.message}", error.hint)
    assert arrived.place == error.place
    assert status_of(error) == status


def test_what_keeps_a_peer_busy_is_a_peer_that_does_not_answer_now() -> None:
    arrived = problem_from_json(sent(problem_to_json(UnavailableError(Code.DATABASE_BUSY, "later"))), peer="eastus")

    assert isinstance(arrived, UnavailableError)
    assert arrived.code is Code.PEER_UNAVAILABLE


def test_a_full_disk_at_the_peer_is_something_to_wait_for() -> None:
    error = OutOfSpaceError("no room", needed_bytes=5, free_bytes=1)

    assert isinstance(problem_from_json(sent(problem_to_json(error)), peer="eastus"), UnavailableError)


def test_a_code_of_a_newer_version_is_a_refusal_of_the_peer() -> None:
    report = {**problem_to_json(RefusedError(Code.CONFLICT, "new")), "code": "FromTheFuture"}

    assert problem_from_json(sent(report), peer="eastus").code is Code.PEER_REFUSED


def test_the_newest_shared_version_is_spoken() -> None:
    assert shared_version([VERSION + 1, VERSION], peer="eastus") == VERSION


def test_regions_without_a_shared_version_say_so() -> None:
    with pytest.raises(RefusedError, match=f"speaks version {VERSION + 2}, {VERSION + 1} of") as raised:
        shared_version([VERSION + 1, VERSION + 2], peer="eastus")
    assert raised.value.code is Code.PEER_REFUSED


def test_a_message_in_an_unknown_version_is_refused() -> None:
    with pytest.raises(RefusedError, match=f"version {VERSION + 1} of the peer protocol"):
        check_version(VERSION + 1)
