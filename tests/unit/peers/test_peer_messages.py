"""Messages between regions: each is read as it was written, and a wrong field is named."""

import uuid

import pytest

from farpoint.errors import Code, FarpointError, HoldLostError, IntegrityError, OutOfSpaceError, Place, RefusedError, UnavailableError
from farpoint.model.ids import GroupId, ManifestId, OperationId, RegionId
from farpoint.model.manifest import SignedStatement
from farpoint.model.remote import HeldPoint, NodePath, RegionIdentity
from farpoint.model.resources import ResourceGroup
from farpoint.peers.documents import Fields, decode_document, encode_document
from farpoint.peers.messages import (
    BlocksRequest,
    HoldRequest,
    NodesRequest,
    ReleaseRequest,
    group_from_json,
    group_to_json,
    held_from_json,
    held_to_json,
    identity_from_json,
    identity_to_json,
)
from farpoint.peers.problems import problem_from_json, problem_to_json, status_of
from farpoint.peers.protocol import BLOCKS_MAX, MEASURE_MAX, NODES_MAX, VERSION, check_version, shared_version

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


def test_a_group_is_read_as_written() -> None:
    group = ResourceGroup(id=GroupId(GUID), name="Default", location="eastus", tags={"a": "b"})

    assert group_from_json(sent(group_to_json(group))) == group


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
