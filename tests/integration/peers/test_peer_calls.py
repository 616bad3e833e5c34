"""What regions ask of each other: identities, resources, groups, holds."""

import http.client
import json
import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
from attrs import evolve
from sqlalchemy import update
from tests.integration.peers.asked import blocks_of

from farpoint.errors import Code, HoldLostError, RefusedError, UnavailableError
from farpoint.metadata.directory import get_record
from farpoint.metadata.disk_points import delete_disk_points
from farpoint.metadata.holds import HOLD_TICKS_MAX, get_hold, list_receipts, tick_holds
from farpoint.metadata.points import delete_point, get_point
from farpoint.metadata.tables import holds
from farpoint.model.directory import DirectoryRecord
from farpoint.model.ids import OperationId
from farpoint.model.remote import HeldPoint, NodePath
from farpoint.peers.client import PeerClient
from farpoint.peers.directory import PeerDirectory
from farpoint.peers.protocol import BLOCKS_MAX, REQUEST_BYTES_MAX, VERSION
from farpoint.peers.source import PeerSource
from farpoint.peers.tls import context_towards
from farpoint.testing.served_region import CLIENT, ServedRegion, point_id, region_id

BLOCK = 64 * 1024
OPERATION = OperationId(uuid.UUID("11111111-1111-4111-8111-111111111111"))


def block(fill: int) -> bytes:
    return bytes([fill]) * BLOCK


def hold(source: PeerSource, name: str = "rp1", operation: OperationId = OPERATION, principal: str = CLIENT) -> HeldPoint:
    return source.hold(source_point_id=point_id(name), operation=operation, principal=principal)


@pytest.fixture
def point(eastus: ServedRegion) -> str:
    """Publish a point with two disks; one block is zeros."""
    return eastus.add_point("rp1", {"os": [block(1), None, block(3)], "data": [block(4)]}, block_bytes=BLOCK)


# Identities and pins.


def test_both_sides_pin_each_other_at_first_contact(client: PeerClient, eastus: ServedRegion, westus: ServedRegion) -> None:
    client.identity()

    assert westus.pins.signing_key(eastus.region) == eastus.identity.signing_key
    assert eastus.pins.token_key(str(westus.region)) == westus.identity.token_key


def test_a_peer_with_changed_keys_is_refused(client: PeerClient, eastus: ServedRegion, westus: ServedRegion) -> None:
    westus.pins.check(evolve(eastus.identity, signing_key=b"x" * 32))

    with pytest.raises(RefusedError, match="shows other keys than it did at first contact") as raised:
        client.identity()
    assert raised.value.code is Code.PEER_UNTRUSTED


def test_a_client_with_changed_keys_is_refused_by_the_peer(client: PeerClient, eastus: ServedRegion, westus: ServedRegion) -> None:
    eastus.pins.check(evolve(westus.identity, token_key=b"x" * 32))

    with pytest.raises(RefusedError, match=r"region eastus says: region westus .* shows other keys") as raised:
        client.identity()
    assert raised.value.code is Code.PEER_UNTRUSTED


# Versions and limits.


def post(eastus: ServedRegion, westus: ServedRegion, call: str, body: bytes) -> tuple[int, dict[str, dict[str, str]]]:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", eastus.port, context=context_towards(westus.trusts(["eastus"])[0], westus.own), timeout=10
    )
    try:
        connection.request("POST", f"/peer/{call}", body=body)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.mark.parametrize(
    "call", ["resource", "holds-name", "tell", "catalogue", "forward", "clear-group", "hold", "nodes", "measure", "blocks", "release"]
)
@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_a_message_in_an_unknown_version_is_refused(eastus: ServedRegion, westus: ServedRegion, call: str, version: int) -> None:
    eastus.start(["westus"])

    status, answer = post(eastus, westus, call, json.dumps({"v": version}).encode())

    assert (status, answer["error"]["code"]) == (400, "PeerRefused")
    assert f"version {version}" in answer["error"]["message"]


def test_regions_without_a_shared_version_say_so(eastus: ServedRegion, westus: ServedRegion) -> None:
    eastus.identity = evolve(eastus.identity, versions=(VERSION + 2, VERSION + 1))
    eastus.start(["westus"])

    with (
        closing(westus.client_of("eastus", port=eastus.port)) as client,
        pytest.raises(RefusedError, match=f"peer eastus speaks version {VERSION + 2}, {VERSION + 1}"),
    ):
        client.resource("/subscriptions/s")


def test_an_oversize_request_is_refused(eastus: ServedRegion, westus: ServedRegion) -> None:
    eastus.start(["westus"])

    status, answer = post(eastus, westus, "hold", b" " * (REQUEST_BYTES_MAX + 1))

    assert (status, answer["error"]["code"]) == (413, "InvalidRequestContent")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"v": "1"}', b'{"v": 1}'])
def test_a_malformed_request_is_refused(eastus: ServedRegion, westus: ServedRegion, body: bytes) -> None:
    eastus.start(["westus"])

    status, answer = post(eastus, westus, "hold", body)

    assert (status, answer["error"]["code"]) == (400, "InvalidRequestContent")


def test_an_oversize_batch_is_refused(eastus: ServedRegion, westus: ServedRegion) -> None:
    eastus.start(["westus"])
    body = json.dumps({"v": VERSION, "token": "1-1", "disk": "os", "blocks": list(range(BLOCKS_MAX + 1))}).encode()

    status, answer = post(eastus, westus, "blocks", body)

    assert (status, answer["error"]["code"]) == (400, "InvalidRequestContent")
    assert f"a list of 1 to {BLOCKS_MAX} items" in answer["error"]["message"]


def test_a_bug_at_the_peer_is_told_without_its_cause(client: PeerClient, eastus: ServedRegion, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_arm_id: str) -> None:
        message = "the secret cause"
        raise ZeroDivisionError(message)

    eastus.find_document = fail

    with pytest.raises(UnavailableError, match="unexpected failure ended the resource call") as raised:
        client.resource("/subscriptions/s")
    assert "secret" not in str(raised.value)
    assert "the secret cause" in caplog.text


# Resources and groups.


def test_a_resource_is_found_at_the_peer(client: PeerClient, eastus: ServedRegion) -> None:
    eastus.documents["/subscriptions/s/x"] = {"name": "x", "properties": {"n": 1}}

    found = client.resource("/Subscriptions/S/X")

    assert found is not None
    assert (found.region_name, found.document) == ("eastus", {"name": "x", "properties": {"n": 1}})
    assert client.resource("/subscriptions/s/y") is None


def test_a_directory_record_is_told_and_the_newer_version_stays(client: PeerClient, eastus: ServedRegion) -> None:
    newer = DirectoryRecord(kind="group", path="/resourceGroups/Apps", version=2, origin=region_id("westus"), body={"tags": {"a": "b"}})
    client.tell(newer)
    client.tell(evolve(newer, version=1, body={}))

    with eastus.database.read() as conn:
        assert get_record(conn, "/resourcegroups/apps") == newer


def test_a_group_is_cleared_for_the_user_who_asked(directory: PeerDirectory, eastus: ServedRegion) -> None:
    assert directory.clear_group("eastus", group="apps", operation=OPERATION, principal=CLIENT, look_only=False) == 0
    assert eastus.cleared == [("apps", OPERATION, CLIENT)]

    with pytest.raises(RefusedError) as raised:
        directory.clear_group("eastus", group="apps", operation=OPERATION, principal="nobody", look_only=False)
    assert raised.value.code is Code.AUTHORIZATION_FAILED


@pytest.fixture
def directory(client: PeerClient, eastus: ServedRegion, westus: ServedRegion, free_port: int) -> Iterator[PeerDirectory]:
    """Eastus, which answers, and northus, which does not."""
    gone = westus.client_of("northus", port=free_port)
    directory = PeerDirectory([gone, client], westus.issuer)
    yield directory
    directory.close()


def test_what_one_peer_has_is_found_though_another_is_gone(directory: PeerDirectory, eastus: ServedRegion) -> None:
    eastus.documents["/subscriptions/s/x"] = {"name": "x"}
    found = directory.resource("/subscriptions/s/x")

    assert found is not None
    assert found.region_name == "eastus"
    assert directory.holder_of_name("/subscriptions/s/x") == "eastus"
    assert directory.holder_of_name("/subscriptions/s/y") is None


def test_what_no_answering_peer_has_may_be_at_the_one_that_is_gone(directory: PeerDirectory) -> None:
    with pytest.raises(UnavailableError, match="may have it does not answer: peer northus at") as raised:
        directory.resource("/subscriptions/s/nothing")
    assert raised.value.code is Code.PEER_UNAVAILABLE


def test_what_every_peer_denies_does_not_exist(client: PeerClient, westus: ServedRegion) -> None:
    directory = PeerDirectory([client], westus.issuer)

    assert directory.resource("/subscriptions/s/nothing") is None


def test_a_record_goes_to_all_peers_and_the_unreached_are_named(directory: PeerDirectory, eastus: ServedRegion) -> None:
    record = DirectoryRecord(kind="group", path="/resourceGroups/apps", version=1, origin=region_id("westus"))

    assert directory.tell(record) == ("northus",)
    with eastus.database.read() as conn:
        assert get_record(conn, "/resourceGroups/apps") == record


def test_a_peer_that_did_not_answer_is_not_asked_again_at_once(directory: PeerDirectory) -> None:
    assert not directory.is_down("northus")
    directory.regions()
    assert directory.is_down("northus")
    assert not directory.is_down("eastus")


def test_regions_says_who_answers(directory: PeerDirectory) -> None:
    north, east = directory.regions()

    assert (north.name, north.endpoint, north.reachable) == ("northus", None, False)
    assert "northus" in north.problem
    assert (east.name, east.endpoint, east.reachable) == ("eastus", "https://eastus.test", True)


def test_a_region_is_known_by_its_name_in_any_spelling(directory: PeerDirectory) -> None:
    assert directory.names() == ("northus", "eastus")
    assert directory.region_id("East US") == region_id("eastus")
    with pytest.raises(RefusedError, match="region 'southus' is not a peer") as raised:
        directory.source("southus")
    assert raised.value.code is Code.UNKNOWN_REGION


# Holds.


def test_a_hold_returns_statement_and_facts(source: PeerSource, eastus: ServedRegion, point: str) -> None:
    held = hold(source)

    assert held.token.startswith("1-")
    assert held.statement == eastus.vault.statement(held.statement.manifest)
    assert (held.facts["consistency"], held.facts["sourceMetadata"]) == ("CrashConsistent", {"vmId": "web01"})
    disks = held.facts["disks"]
    assert isinstance(disks, dict)
    assert list(disks) == ["os", "data"]
    assert (disks["os"]["osType"], disks["os"]["lun"], disks["os"]["family"]) == ("Linux", None, "family-os")
    assert disks["data"]["id"] == f"{point}/diskRestorePoints/{disks['data']['name']}"


def test_asking_again_for_an_operation_returns_the_same_hold(source: PeerSource, point: str) -> None:
    other = OperationId(uuid.UUID(int=7))

    assert hold(source) == hold(source)
    assert hold(source, operation=other).token != hold(source).token


def test_one_operation_holds_one_point(source: PeerSource, eastus: ServedRegion, point: str) -> None:
    eastus.add_point("rp2", {"os": [block(9)]}, block_bytes=BLOCK)
    hold(source)

    with pytest.raises(RefusedError, match="holds another restore point already") as raised:
        hold(source, "rp2")
    assert raised.value.code is Code.CONFLICT


@pytest.mark.parametrize("wrong", [point_id("nothing"), point_id("rp1", collection="elsewhere")])
def test_an_unknown_point_is_not_found(source: PeerSource, point: str, wrong: str) -> None:
    with pytest.raises(RefusedError, match="is not in this region") as raised:
        source.hold(source_point_id=wrong, operation=OPERATION, principal=CLIENT)
    assert raised.value.code is Code.COPY_SOURCE_NOT_FOUND


@pytest.mark.parametrize("wrong", ["rp1", "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d"])
def test_what_is_no_point_is_refused(source: PeerSource, point: str, wrong: str) -> None:
    with pytest.raises(RefusedError) as raised:
        source.hold(source_point_id=wrong, operation=OPERATION, principal=CLIENT)
    assert raised.value.code is Code.INVALID_PARAMETER


def test_a_point_that_is_not_published_is_waited_for(source: PeerSource, eastus: ServedRegion) -> None:
    eastus.add_point("rp9", {"os": [block(1)]}, block_bytes=BLOCK, published=False)

    with pytest.raises(UnavailableError, match="is not complete yet") as raised:
        hold(source, "rp9")
    assert raised.value.code is Code.RESTORE_POINT_NOT_READY


def test_a_user_who_may_not_read_the_point_gets_no_hold(source: PeerSource, point: str) -> None:
    with pytest.raises(RefusedError) as raised:
        hold(source, principal="somebody")
    assert raised.value.code is Code.AUTHORIZATION_FAILED


def test_a_used_up_hold_is_lost(source: PeerSource, eastus: ServedRegion, point: str) -> None:
    held = hold(source)
    with eastus.database.write() as conn:
        conn.execute(update(holds).values(ticks_left=1))
        assert tick_holds(conn) == 1

    with pytest.raises(HoldLostError, match=f"hold {held.token} is not known in region eastus"):
        source.measure(held.token, disk="os", blocks=[0])
    again = hold(source)
    assert again.token != held.token
    assert source.measure(again.token, disk="os", blocks=[0]) == [BLOCK]


def test_each_use_renews_a_hold(source: PeerSource, eastus: ServedRegion, point: str) -> None:
    token = hold(source).token
    with eastus.database.write() as conn:
        tick_holds(conn)

    source.nodes(token, disk="os", paths=[NodePath(level=0, index=0)])

    with eastus.database.read() as conn:
        renewed = get_hold(conn, token)
    assert renewed is not None
    assert renewed.ticks_left == HOLD_TICKS_MAX


def test_an_unknown_token_is_a_lost_hold(source: PeerSource, point: str) -> None:
    with pytest.raises(HoldLostError):
        list(blocks_of(source, "1-99", disk="os", blocks=[0]))


def test_a_hold_belongs_to_the_region_that_took_it(source: PeerSource, eastus: ServedRegion, westus: ServedRegion, point: str) -> None:
    token = hold(source).token
    with eastus.database.write() as conn:
        conn.execute(update(holds).values(peer=region_id("northus")))

    with pytest.raises(HoldLostError):
        source.measure(token, disk="os", blocks=[0])


def test_a_deleted_point_goes_on_being_served_while_it_is_held(source: PeerSource, eastus: ServedRegion, point: str) -> None:
    token = hold(source).token
    with eastus.database.write() as conn:
        row = get_point(conn, group="default", collection="web01", name="rp1")
        assert row is not None
        delete_disk_points(conn, row.id)
        delete_point(conn, row.id)

    assert [bytes(chunk.payload) for chunk in blocks_of(source, token, disk="data", blocks=[0])] == [block(4)]
    with pytest.raises(RefusedError) as raised:
        hold(source, operation=OperationId(uuid.UUID(int=9)))
    assert raised.value.code is Code.COPY_SOURCE_NOT_FOUND


def test_release_keeps_the_receipt_and_may_be_repeated(source: PeerSource, eastus: ServedRegion, point: str) -> None:
    held = hold(source)

    source.release(held.token, receipt=b"\x00 all is well")
    source.release(held.token, receipt=b"\x00 all is well")
    source.release("1-77", receipt=None)

    with eastus.database.read() as conn:
        assert list_receipts(conn, held.statement.manifest) == [b"\x00 all is well"]
    with pytest.raises(HoldLostError):
        source.measure(held.token, disk="os", blocks=[0])
