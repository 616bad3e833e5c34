"""Granting and revoking disk bytes over ARM: statuses, headers, polls, refusals, and what is blocked meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import httpx
import pytest
from attrs import evolve
from sqlalchemy import select, update
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import disks, points
from farpoint.metadata.tables import access_grants, operations
from farpoint.testing.played_work import play_publish, play_whole_operation

READ = {"access": "Read", "durationInSeconds": 3600}


@pytest.fixture
def point(east: Arm) -> str:
    """Make a VM and a complete restore point of its disk; return the point's id."""
    collection = east.add_collection("web", source=east.add_vm("web", os_disk=east.attach("os")))
    arm_id = f"{collection}/restorePoints/rp1"
    assert east.send("PUT", arm_id, {}).status_code == 201
    with east.region.context.database.read() as conn:
        row = points.get_point(conn, group="default", collection="web", name="rp1")
    assert row is not None
    play_publish(east.region.context, row.id)
    return arm_id


@pytest.fixture
def disk_point(east: Arm, point: str) -> str:
    """Return the id of the point's disk."""
    [listed] = east.send("GET", f"{point}/diskRestorePoints").json()["value"]
    return str(listed["id"])


def begin(arm: Arm, arm_id: str, body: dict[str, object] | None = None) -> httpx.Response:
    return arm.send("POST", f"{arm_id}/beginGetAccess", READ if body is None else body)


def url_of(arm: Arm, answer: httpx.Response) -> str:
    assert (answer.status_code, answer.content) == (202, b""), answer.text
    return str(arm.send("GET", answer.headers["location"]).json()["accessSAS"])


def state(arm: Arm, name: str) -> str:
    return str(arm.send("GET", compute("disks", name)).json()["properties"]["diskState"])


def test_a_grant_is_an_operation_that_has_succeeded_with_the_url_in_both_forms(east: Arm, disk_point: str) -> None:
    answer = begin(east, disk_point)
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "1")
    assert "/DiskOperations/" in answer.headers["location"]
    polled = east.send("GET", answer.headers["azure-asyncoperation"]).json()
    assert list(polled)[:5] == ["startTime", "endTime", "status", "properties", "name"]
    assert (polled["status"], polled["percentComplete"], polled["farpoint"]["kind"]) == ("Succeeded", 100.0, "beginGetAccess")
    url = polled["properties"]["output"]["accessSAS"]
    assert url == url_of(east, answer)
    guid = east.send("GET", disk_point).json()["name"].rpartition("_")[2]
    assert url.startswith(f"{east.region.context.endpoint}/md")
    assert f"/vhd/{guid}?sv=2018-03-28&sr=b&si=" in url
    assert east.region.launched[1:] == []


def test_revoking_ends_with_an_empty_answer_and_takes_the_url_from_the_first_operation(east: Arm, disk_point: str) -> None:
    first = begin(east, disk_point)
    answer = east.send("POST", f"{disk_point}/endGetAccess")
    assert answer.status_code == 202
    assert east.send("GET", answer.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"
    located = east.send("GET", answer.headers["location"])
    assert (located.status_code, located.content) == (200, b"")
    assert "properties" not in east.send("GET", first.headers["azure-asyncoperation"]).json()
    assert east.send("POST", f"{disk_point}/endGetAccess").status_code == 202


def test_asking_again_extends_and_returns_the_same_url(east: Arm, disk_point: str) -> None:
    url = url_of(east, begin(east, disk_point, {**READ, "durationInSeconds": 60}))
    assert url_of(east, begin(east, disk_point, {**READ, "durationInSeconds": 600})) == url
    # A shorter time does not shorten it.
    assert url_of(east, begin(east, disk_point, {**READ, "durationInSeconds": 1})) == url
    east.region.clock.advance(599)
    assert east.send("DELETE", disk_point.rpartition("/diskRestorePoints")[0]).status_code == 409
    east.region.clock.advance(2)
    assert url_of(east, begin(east, disk_point)) != url


def test_only_whoever_asked_for_a_url_is_told_it(east: Arm, disk_point: str) -> None:
    answer = begin(east, disk_point)
    assert "properties" in east.send("GET", answer.headers["azure-asyncoperation"]).json()
    with east.region.context.database.write() as conn:
        conn.execute(update(operations).values(principal="somebody else"))
    polled = east.send("GET", answer.headers["azure-asyncoperation"]).json()
    assert (polled["status"], "properties" in polled) == ("Succeeded", False)


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({}, "access"),
        ({"access": "Read"}, "durationInSeconds"),
        ({**READ, "access": "None"}, "access"),
        ({**READ, "access": "Write"}, "access"),
        ({**READ, "durationInSeconds": 0}, "durationInSeconds"),
        ({**READ, "durationInSeconds": 60 * 24 * 3600 + 1}, "durationInSeconds"),
        ({**READ, "durationInSeconds": "3600"}, "durationInSeconds"),
        ({**READ, "fileFormat": "VHDX"}, "fileFormat"),
        ({**READ, "getSecureVMGuestStateSAS": True}, "getSecureVMGuestStateSAS"),
        ({**READ, "farpoint": {"format": "qcow2"}}, "farpoint.format"),
        ({**READ, "farpoint": {"shape": "raw"}}, "farpoint.shape"),
    ],
)
def test_what_cannot_be_granted_is_refused_naming_the_field(east: Arm, disk_point: str, body: dict[str, object], target: str) -> None:
    answer = begin(east, disk_point, body)
    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["target"]) == (400, "InvalidParameter", target)


@pytest.mark.parametrize("more", [{"fileFormat": "VHD"}, {"getSecureVMGuestStateSAS": False}, {"farpoint": {"format": "vhd"}}])
def test_what_clients_send_by_default_is_taken(east: Arm, disk_point: str, more: dict[str, object]) -> None:
    assert "/vhd/" in url_of(east, begin(east, disk_point, {**READ, **more}))


def test_raw_bytes_are_another_url_and_not_both_at_once(east: Arm, disk_point: str) -> None:
    raw = {**READ, "farpoint": {"format": "raw"}}
    assert "/raw/" in url_of(east, begin(east, disk_point, raw))
    refused = begin(east, disk_point)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "OperationNotAllowed")
    east.send("POST", f"{disk_point}/endGetAccess")
    assert begin(east, disk_point).status_code == 202


def test_a_point_that_is_not_complete_is_refused_saying_how_far_it_is(east: Arm, point: str) -> None:
    path = point.replace("rp1", "rp2")
    east.send("PUT", path, {})
    [listed] = east.send("GET", f"{path}/diskRestorePoints").json()["value"]
    answer = begin(east, listed["id"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "RestorePointNotReady")
    assert "0.0 %" in answer.json()["error"]["message"]


def test_what_is_not_there_is_told_by_its_own_404(east: Arm, point: str) -> None:
    assert begin(east, f"{point}/diskRestorePoints/none").json()["error"]["code"] == "NotFound"
    assert begin(east, compute("disks", "none")).json()["error"]["code"] == "ResourceNotFound"


def test_a_good_url_keeps_its_point_and_collection_from_being_deleted(east: Arm, point: str, disk_point: str) -> None:
    begin(east, disk_point)
    for arm_id in (point, point.rpartition("/restorePoints")[0]):
        refused = east.send("DELETE", arm_id)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "DiskRestorePointUsedByCustomer")
        assert refused.json()["error"]["message"].startswith(
            "There is an active shared access signature outstanding for disk restore point. Call EndGetAccess before deleting"
        )
    assert east.send("GET", point).json()["properties"]["provisioningState"] == "Succeeded"
    east.send("POST", f"{disk_point}/endGetAccess")
    assert east.send("DELETE", point).status_code == 202


def test_a_shared_disk_shows_it_and_is_neither_deleted_nor_attached(east: Arm) -> None:
    east.attach("data")
    begin(east, compute("disks", "data"))
    assert state(east, "data") == "ActiveSAS"
    assert [row["properties"]["diskState"] for row in east.send("GET", compute("disks")).json()["value"]] == ["ActiveSAS"]
    assert east.send("DELETE", compute("disks", "data")).status_code == 409
    profile = {"osDisk": {"managedDisk": {"id": compute("disks", "data")}}}
    vm = {"location": "eastus", "properties": {"storageProfile": profile}}
    assert east.send("PUT", compute("virtualMachines", "v"), vm).status_code == 409
    east.send("POST", f"{compute('disks', 'data')}/endGetAccess")
    assert state(east, "data") == "Unattached"
    assert east.send("PUT", compute("virtualMachines", "v"), vm).status_code == 201


def test_an_expired_url_blocks_nothing(east: Arm) -> None:
    east.attach("data")
    begin(east, compute("disks", "data"), {**READ, "durationInSeconds": 10})
    east.region.clock.advance(11)
    assert state(east, "data") == "Unattached"
    assert east.send("DELETE", compute("disks", "data")).status_code == 200


def await_upload(east: Arm, name: str) -> Path:
    """Make an attached disk one that awaits its upload."""
    east.attach(name)
    with east.region.context.database.write() as conn:
        found = disks.get_disk(conn, group="default", name=name)
        assert found is not None
        disks.update_disk(conn, evolve(found, awaits_upload=True))
    return Path(found.path)


def test_a_disk_that_awaits_its_upload_goes_through_azures_states(east: Arm) -> None:
    path = await_upload(east, "up")
    disk = compute("disks", "up")
    assert state(east, "up") == "ReadyToUpload"
    assert begin(east, disk).json()["error"]["code"] == "OperationNotAllowed"
    profile = {"osDisk": {"managedDisk": {"id": disk}}}
    vm = {"location": "eastus", "properties": {"storageProfile": profile}}
    assert east.send("PUT", compute("virtualMachines", "v"), vm).status_code == 409
    begin(east, disk, {**READ, "access": "Write", "farpoint": {"format": "raw"}})
    assert state(east, "up") == "ActiveUpload"
    assert east.send("DELETE", disk).status_code == 409
    ended = east.send("POST", f"{disk}/endGetAccess")
    assert east.send("GET", ended.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"
    assert state(east, "up") == "Unattached"
    assert path.stat().st_size == 1 << 20


def test_a_grant_that_waited_for_its_turn_keeps_what_was_written_meanwhile(east: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await_upload(east, "twice")
    disk, write = compute("disks", "twice"), {**READ, "access": "Write", "farpoint": {"format": "raw"}}
    upload = east.region.context.uploads.open(path, size_bytes=path.stat().st_size, check=lambda: None)

    @contextmanager
    def overtaken() -> Iterator[None]:
        monkeypatch.setattr(upload, "turn", nullcontext())
        assert begin(east, disk, write).status_code == 202
        upload.write(0, memoryview(b"page" * 128))
        yield

    monkeypatch.setattr(upload, "turn", overtaken())
    assert begin(east, disk, write).status_code == 202
    assert path.read_bytes()[:4] == b"page"


def test_an_upload_that_came_to_nothing_is_a_failed_operation_that_says_why(east: Arm) -> None:
    await_upload(east, "up")
    disk = compute("disks", "up")
    begin(east, disk, {**READ, "access": "Write"})
    ended = east.send("POST", f"{disk}/endGetAccess")
    polled = east.send("GET", ended.headers["azure-asyncoperation"]).json()
    assert (polled["status"], polled["error"]["code"]) == ("Failed", "DiskUnsupported")
    assert "without the 512 bytes of its VHD footer" in polled["error"]["message"]
    assert east.send("GET", ended.headers["location"]).status_code == 409
    assert state(east, "up") == "ReadyToUpload"


# Snapshots.


@pytest.fixture
def snapshot(east: Arm) -> str:
    """Ask for a snapshot of a disk, which is not complete yet; return its id."""
    arm_id = compute("snapshots", "s1")
    creation = {"createOption": "Copy", "sourceResourceId": east.attach("snapped")}
    assert east.send("PUT", arm_id, {"location": "eastus", "properties": {"creationData": creation}}).status_code == 202
    return arm_id


def complete(arm: Arm) -> None:
    [operation] = arm.region.launched
    play_whole_operation(arm.region.context, operation, source=arm.region.context)
    arm.region.launched.clear()


def test_only_a_complete_snapshot_is_shared(east: Arm, snapshot: str) -> None:
    refused = begin(east, snapshot)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "RestorePointNotReady")
    complete(east)
    assert url_of(east, begin(east, snapshot)).startswith("https://")
    assert url_of(east, begin(east, snapshot)) == url_of(east, begin(east, snapshot))
    missing = begin(east, compute("snapshots", "none"))
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ResourceNotFound")
    write = begin(east, snapshot, {"access": "Write", "durationInSeconds": 60})
    assert (write.status_code, write.json()["error"]["code"]) == (400, "InvalidParameter")


def test_a_shared_snapshot_is_not_deleted_until_its_access_ends(east: Arm, snapshot: str) -> None:
    complete(east)
    begin(east, snapshot)
    assert state_of(east, snapshot) == "ActiveSAS"
    refused = east.send("DELETE", snapshot)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert "outstanding for snapshot" in refused.json()["error"]["message"]
    assert east.send("POST", f"{snapshot}/endGetAccess").status_code == 202
    assert state_of(east, snapshot) == "Unattached"
    assert east.send("DELETE", snapshot).status_code == 202


def state_of(arm: Arm, arm_id: str) -> str:
    return str(arm.send("GET", arm_id).json()["properties"]["diskState"])


def test_an_expired_access_goes_with_its_snapshot(east: Arm, snapshot: str) -> None:
    complete(east)
    begin(east, snapshot)
    east.region.clock.advance(3601)
    east.log_in()
    assert east.send("DELETE", snapshot).status_code == 202
    complete(east)
    with east.region.context.database.read() as conn:
        assert conn.execute(select(access_grants)).all() == []
