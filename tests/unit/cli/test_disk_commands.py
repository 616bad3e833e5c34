"""Restores: which names disks and files get; and verification, whose damage has an exit status of its own."""

from pathlib import Path

import pytest
from tests.unit.cli.region_stub import Document, Farpoint, RegionStub, Reply, Seen, is_check

Regions = dict[str, RegionStub]
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture
def west(regions: Regions) -> RegionStub:
    """Give westus a complete copy with two disks."""
    stub = regions["westus"]
    point = stub.path("restorePointCollections", "web01-westus", "restorePoints", "rp1")
    stub.add(point, point_at(100))
    for disk in ("os", "my_data"):
        stub.add(f"{point}/diskRestorePoints/{disk}_{GUID}", {"properties": {}})
    return stub


def point_at(percent: int) -> Document:
    """Return a copy that has come so far."""
    code = "ReplicationState/succeeded" if percent == 100 else "ReplicationState/replicating"
    facts: Document = {"state": "Succeeded" if percent == 100 else "Running"}
    facts["disks"] = [{"name": "os", "bytesTotal": 100, "bytesDone": percent}]
    return {"properties": {"provisioningState": "Succeeded", "instanceView": {"statuses": [{"code": code}], "farpoint": facts}}}


def restore(farpoint: Farpoint, *extra: str) -> tuple[int, str, str]:
    outcome = farpoint("disk", "restore", "web01-westus/rp1", "--into", "out", *extra)
    return outcome.exit, outcome.out, outcome.err


def begun(stub: RegionStub) -> list[Seen]:
    """Return the requests that begin a restore."""
    return [one for one in stub.asked("PUT") if not is_check(one)]


def test_files_and_disks_are_named_after_the_source_disks(
    west: RegionStub, farpoint: Farpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert restore(farpoint)[0] == 0
    first, second = begun(west)
    assert (first.path, second.path) == (west.path("disks", "os-rp1"), west.path("disks", "my_data-rp1"))
    source = f"{west.path('restorePointCollections', 'web01-westus', 'restorePoints', 'rp1', 'diskRestorePoints')}/os_{GUID}"
    assert first.body == {
        "location": "westus",
        "properties": {
            "creationData": {"createOption": "Restore", "sourceResourceId": source},
            "farpoint": {"path": str(tmp_path / "out" / "os.raw")},
        },
    }


def test_a_taken_disk_name_gets_a_number(regions: Regions, west: RegionStub, farpoint: Farpoint) -> None:
    regions["eastus"].add(regions["eastus"].path("disks", "os-rp1"), {"properties": {}})
    west.add(west.path("disks", "os-rp1-2"), {"properties": {}})
    restore(farpoint, "--disk", "os")
    assert [one.path for one in west.asked("PUT")] == [west.path("disks", "os-rp1-3")]


@pytest.mark.parametrize("state", ["Failed", "Updating"])
def test_the_same_command_goes_on_with_a_restore_that_has_not_ended_well(
    west: RegionStub, farpoint: Farpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.chdir(tmp_path)
    restore(farpoint, "--disk", "os")
    in_state(west, "os-rp1", state)
    assert restore(farpoint, "--disk", "os")[0] == 0
    first, second = west.asked("PUT")
    assert (second.path, second.body) == (first.path, first.body)


def test_a_complete_restore_is_not_taken_up_again(
    west: RegionStub, farpoint: Farpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    restore(farpoint, "--disk", "os")
    in_state(west, "os-rp1", "Succeeded")
    taken = Reply(status=409, body={"error": {"code": "Conflict", "message": "out/os.raw is registered already as os-rp1."}})
    west.say("PUT", west.path("disks", "os-rp1-2"), taken)
    status, _, err = restore(farpoint, "--disk", "os")
    assert (status, "registered already" in err) == (1, True)
    assert "forget that disk first: farpoint disk delete os-rp1 (its file stays)" in err


def test_a_disk_name_that_somebody_takes_meanwhile_gets_a_number(west: RegionStub, farpoint: Farpoint) -> None:
    taken = west.path("disks", "os-rp1")
    missing = Reply(status=404, body={"error": {"code": "ResourceNotFound", "message": "no"}})
    west.say("GET", taken, missing, Reply(status=200, body={"name": "os-rp1"}))
    west.say("PUT", taken, Reply(status=409, body={"error": {"code": "Conflict", "message": "Disk 'os-rp1' exists"}}))
    assert restore(farpoint, "--disk", "os")[0] == 0
    assert [one.path for one in west.asked("PUT")] == [taken, west.path("disks", "os-rp1-2")]


def test_a_disk_that_is_restored_shows_how_far_it_is(west: RegionStub, farpoint: Farpoint) -> None:
    facts: Document = {"state": "Running", "disks": [{"name": "os", "bytesTotal": 8, "bytesDone": 2}]}
    west.add(west.path("disks", "os-rp1"), {"properties": {"provisioningState": "Updating", "farpoint": {"path": "/p", "restore": facts}}})
    assert "Restoring, 25 %" in farpoint("disk", "show", "os-rp1").out


def test_a_disk_whose_restore_failed_shows_why(west: RegionStub, farpoint: Farpoint) -> None:
    error: Document = {"code": "InsufficientSpace", "message": "the pool is full", "percent": 41.5}
    west.add(west.path("disks", "os-rp1"), {"properties": {"provisioningState": "Failed", "farpoint": {"path": "/p", "error": error}}})
    shown = farpoint("disk", "show", "os-rp1").out
    assert "InsufficientSpace: the pool is full. 41.5 % was done." in shown
    assert farpoint("disk", "list").out.splitlines()[1].split() == ["os-rp1", "westus", "Failed", "/p"]


def test_a_deleted_disk_leaves_its_file(west: RegionStub, farpoint: Farpoint) -> None:
    disk = west.path("disks", "os-rp1")
    west.add(disk, {"properties": {"farpoint": {"path": "/pool/os.raw"}}})
    outcome = farpoint("disk", "delete", "os-rp1")
    assert (outcome.exit, [one.path for one in west.asked("DELETE")]) == (0, [disk])
    assert "its file stays: /pool/os.raw" in outcome.err


def test_a_disk_whose_restore_failed_is_not_said_to_have_a_file(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    east.add(east.path("disks", "os"), {"properties": {"provisioningState": "Failed", "farpoint": {"path": "/pool/os.raw"}}})
    outcome = farpoint("disk", "delete", "os")
    assert outcome.exit == 0
    assert "what its restore had written to /pool/os.raw is gone" in outcome.err


def test_overwriting_is_said(west: RegionStub, farpoint: Farpoint) -> None:
    restore(farpoint, "--disk", "os", "--overwrite")
    properties = west.asked("PUT")[0].body["properties"]
    assert isinstance(properties, dict)
    assert properties["farpoint"]["overwrite"] is True


def test_a_disk_the_point_does_not_have_is_a_usage_error(west: RegionStub, farpoint: Farpoint) -> None:
    status, _, err = restore(farpoint, "--disk", "swap")
    assert status == 2
    assert "it has: my_data, os" in err or "it has: os, my_data" in err


def test_wait_returns_when_every_disk_is_restored(west: RegionStub, farpoint: Farpoint) -> None:
    operation = operation_path(west)
    for disk in ("os", "my_data"):
        started = Reply(status=202, body={"properties": {"provisioningState": "Updating"}}, headers=headers_of(west))
        west.say("PUT", west.path("disks", f"{disk}-rp1"), Reply(status=204), started)
    running: Document = {
        "status": "InProgress",
        "farpoint": {"state": "Running", "disks": [{"name": "os", "bytesTotal": 8, "bytesDone": 2}]},
    }
    west.say("GET", operation, Reply(status=200, body=running), Reply(status=200, body={"status": "Succeeded"}))
    for disk in ("os", "my_data"):
        path = west.path("disks", f"{disk}-rp1")
        west.say(
            "GET",
            path,
            *[Reply(status=404, body={"error": {"code": "ResourceNotFound", "message": "no"}})] * 2,
            Reply(status=200, body={"name": disk}),
        )
    outcome = farpoint("disk", "restore", "web01-westus/rp1", "--into", "out", "--wait", "-o", "json")
    assert outcome.exit == 0
    assert [one["name"] for one in outcome.rows()] == ["os", "my_data"]
    assert "restore web01-westus/rp1: os: 2 B of 8 B (25.0 %)" in outcome.err


def test_wait_begins_with_waiting_for_the_point_itself(regions: Regions, west: RegionStub, farpoint: Farpoint) -> None:
    point = west.path("restorePointCollections", "web01-westus", "restorePoints", "rp1")
    west.say("GET", point, *[Reply(status=200, body=point_at(percent)) for percent in (20, 60, 100)])
    status, _, err = restore(farpoint, "--disk", "os", "--wait")
    assert status == 0
    assert "web01-westus/rp1: os: 60 B of 100 B" in err
    # Any region answers for all: the command stays with the first.
    seen = regions["eastus"].seen
    first_put = next(number for number, one in enumerate(seen) if one.method == "PUT")
    assert sum(one.path == point for one in seen[:first_put]) >= 3


def test_a_target_that_is_not_empty_fails(west: RegionStub, farpoint: Farpoint) -> None:
    hint = "Restore to another path, or set properties.farpoint.overwrite to true."
    error: Document = {"code": "TargetNotEmpty", "message": f"out/os.raw has 5 bytes; nothing was replaced. {hint}"}
    refusal = Reply(status=409, body={"error": {**error, "farpoint": {"hint": hint}}})
    west.say("PUT", west.path("disks", "os-rp1"), refusal)
    status, out, err = restore(farpoint)
    assert (status, out) == (1, "")
    said = "TargetNotEmpty: out/os.raw has 5 bytes; nothing was replaced. Restore into another folder, or give --overwrite. [westus]"
    assert said in err


@pytest.mark.parametrize("refused", ["os", "my_data"])
def test_of_several_disks_none_is_begun_when_one_is_refused(west: RegionStub, farpoint: Farpoint, refused: str) -> None:
    error: Document = {"code": "TargetNotEmpty", "message": f"out/{refused}.raw exists and is not empty; nothing was replaced."}
    west.say("PUT", west.path("disks", f"{refused}-rp1"), Reply(status=409, body={"error": error}))
    status, _, err = restore(farpoint)
    assert (status, begun(west)) == (1, [])
    assert "give --overwrite" in err


def test_a_point_can_be_verified_in_full(west: RegionStub, farpoint: Farpoint) -> None:
    path = west.path("restorePointCollections", "web01-westus", "restorePoints", "rp1")
    west.say("POST", f"{path}/verify", Reply(status=202, headers=headers_of(west)))
    west.say("GET", operation_path(west), Reply(status=200, body={"status": "Succeeded", "farpoint": {"readBytes": 2048}}))
    outcome = farpoint("verify", "web01-westus/rp1", "--full")
    assert outcome.exit == 0
    assert west.asked("POST")[0].query["full"] == "true"
    assert outcome.out.splitlines()[1].split() == ["web01-westus/rp1", "westus", "sound", "2.0", "KiB"]


def test_what_a_verified_point_does_not_need_is_told_and_fails_nothing(west: RegionStub, farpoint: Farpoint) -> None:
    path = west.path("restorePointCollections", "web01-westus", "restorePoints", "rp1")
    west.say("POST", f"{path}/verify", Reply(status=202, headers=headers_of(west)))
    facts: Document = {"readBytes": 2048, "notes": ["disk os does not need what is damaged beside it"]}
    west.say("GET", operation_path(west), Reply(status=200, body={"status": "Succeeded", "farpoint": facts}))
    outcome = farpoint("verify", "web01-westus/rp1", "--full")
    assert (outcome.exit, "disk os does not need what is damaged beside it" in outcome.err) == (0, True)


def test_damage_found_by_disk_verify_ends_with_5(west: RegionStub, farpoint: Farpoint) -> None:
    disk = west.path("disks", "os-rp1")
    west.add(disk, {"properties": {}})
    west.say("POST", f"{disk}/verify", Reply(status=202, headers=headers_of(west)))
    error: Document = {"code": "IntegrityError", "message": "block 7 differs"}
    west.say("GET", operation_path(west), Reply(status=200, body={"status": "Failed", "error": error}))
    outcome = farpoint("disk", "verify", "os-rp1", "-o", "json")
    assert (outcome.exit, outcome.out) == (5, "")
    assert "IntegrityError: block 7 differs" in outcome.err


def in_state(stub: RegionStub, disk: str, state: str) -> None:
    known = stub.resources[stub.path("disks", disk).lower()]
    properties = known["properties"]
    assert isinstance(properties, dict)
    stub.add(stub.path("disks", disk), {**known, "properties": {**properties, "provisioningState": state}})


def operation_path(stub: RegionStub) -> str:
    return f"{stub.subscription}/providers/Microsoft.Compute/locations/{stub.name}/DiskOperations/1"


def headers_of(stub: RegionStub) -> dict[str, str]:
    return {"Azure-AsyncOperation": f"{stub.endpoint}{operation_path(stub)}?api-version=2024-11-01", "Retry-After": "30"}
