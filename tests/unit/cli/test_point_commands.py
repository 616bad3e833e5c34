"""Restore points: where they are made, what --wait waits for, and how failures end a command."""

import pytest
from tests.unit.cli.region_stub import Document, Farpoint, RegionStub, Reply, take_down

Regions = dict[str, RegionStub]


@pytest.fixture
def east(regions: Regions) -> RegionStub:
    """Give eastus a VM."""
    stub = regions["eastus"]
    stub.add(stub.path("virtualMachines", "web01"), {"properties": {}})
    return stub


def point_path(stub: RegionStub, collection: str = "web01", point: str = "rp1") -> str:
    return stub.path("restorePointCollections", collection, "restorePoints", point)


def point(
    stub: RegionStub, code: str, *, path: str = "", state: str = "Succeeded", done: int = 0, error: Document | None = None
) -> Document:
    """Return a restore point with its instance view, as a region shows it."""
    path = path or point_path(stub)
    kind = code.partition("/")[0]
    facts: Document = {"step": "transfer", "disks": [{"name": "os", "bytesTotal": 1000, "bytesDone": done}]}
    properties: Document = {
        "provisioningState": state,
        "instanceView": {"statuses": [{"code": code}], "farpoint": facts},
        "farpoint": {"complete": code.endswith("succeeded"), **({"error": error} if error else {})},
        "timeCreated": "2026-01-02T03:04:05.6789012+00:00",
    }
    if kind == "ReplicationState":
        properties["sourceRestorePoint"] = {"id": "/subscriptions/s/…/restorePoints/rp1"}
    return {"name": path.rpartition("/")[2], "id": path, "properties": properties}


def facts_of(document: Document) -> Document:
    """Return what the instance view of *document* tells of its operation."""
    properties = document["properties"]
    assert isinstance(properties, dict)
    facts: Document = properties["instanceView"]["farpoint"]
    return facts


def replies(*documents: Document) -> list[Reply]:
    return [Reply(status=200, body=document) for document in documents]


def test_the_first_point_of_a_vm_makes_its_collection(east: RegionStub, farpoint: Farpoint) -> None:
    assert farpoint("point", "create", "web01/rp1").exit == 0
    collection, created = east.asked("PUT")
    assert collection.path == east.path("restorePointCollections", "web01")
    assert collection.body == {"location": "eastus", "properties": {"source": {"id": east.path("virtualMachines", "web01")}}}
    assert (created.path, created.body) == (point_path(east), {})


def test_the_first_point_is_made_while_another_region_is_down(regions: Regions, east: RegionStub, farpoint: Farpoint) -> None:
    take_down(regions["westus"])
    assert farpoint("point", "create", "web01/rp1").exit == 0
    assert len(east.asked("PUT")) == 2


def test_a_collection_of_another_name_says_which_vm(east: RegionStub, farpoint: Farpoint) -> None:
    assert farpoint("point", "create", "daily/rp1", "--vm", "web01").exit == 0
    assert [one.path.rpartition("/")[2] for one in east.asked("PUT")] == ["daily", "rp1"]


def test_a_collection_of_another_vm_is_refused(east: RegionStub, farpoint: Farpoint) -> None:
    east.add(east.path("restorePointCollections", "web01"), {"properties": {"source": {"id": east.path("virtualMachines", "other")}}})
    assert farpoint("point", "create", "web01/rp1", "--vm", "web01").exit == 2
    assert east.asked("PUT") == []


def test_a_refused_capture_leaves_no_new_collection(east: RegionStub, farpoint: Farpoint) -> None:
    path = east.path("restorePointCollections", "web01")
    missing = Reply(status=404, body={"error": {"code": "ResourceNotFound", "message": "no"}})
    # Both regions are asked whether there is one; then this one, whether it has points.
    east.say("GET", path, missing, missing, *replies({"properties": {"restorePoints": []}}))
    east.say("PUT", point_path(east), Reply(status=409, body={"error": {"code": "DiskInUse", "message": "os is in use"}}))
    outcome = farpoint("point", "create", "web01/rp1")
    assert (outcome.exit, "DiskInUse: os is in use" in outcome.err) == (1, True)
    assert [one.path for one in east.asked("DELETE")] == [path]


def test_capture_options_are_passed_on(east: RegionStub, farpoint: Farpoint) -> None:
    east.add(east.path("disks", "data"), {"properties": {}})
    farpoint("point", "create", "web01/rp1", "--allow-live", "--exclude-disk", "data")
    assert east.asked("PUT")[-1].body == {
        "properties": {"excludeDisks": [{"id": east.path("disks", "data")}], "farpoint": {"allowLive": True}}
    }


def test_a_point_without_a_vm_is_not_found(regions: Regions, farpoint: Farpoint) -> None:
    outcome = farpoint("point", "create", "web09/rp1")
    assert outcome.exit == 3
    assert "virtual machine web09 was not found" in outcome.err


def test_a_name_that_exists_fails_with_the_regions_words(east: RegionStub, farpoint: Farpoint) -> None:
    east.say("PUT", point_path(east), Reply(status=409, body={"error": {"code": "Conflict", "message": "rp1 exists"}}))
    outcome = farpoint("point", "create", "web01/rp1")
    assert outcome.exit == 1
    assert "Conflict: rp1 exists [eastus]" in outcome.err


@pytest.mark.parametrize("options", [(), ("--wait",)])
def test_a_point_that_is_complete_already_is_said_to_be_no_new_one(east: RegionStub, farpoint: Farpoint, options: tuple[str, ...]) -> None:
    done = point(east, "ProvisioningState/succeeded")
    east.resources[point_path(east).lower()] = done
    east.say("PUT", point_path(east), Reply(status=201, body=done))
    outcome = farpoint("point", "create", "web01/rp1", *options)
    assert outcome.exit == 0
    assert "web01/rp1 exists already, made at 2026-01-02 03:04:05Z: nothing was captured now." in outcome.err


def test_a_copy_that_is_complete_already_is_said_to_be_no_new_one(regions: Regions, east: RegionStub, farpoint: Farpoint) -> None:
    west = regions["westus"]
    path = point_path(west, "web01-westus")
    east.resources[point_path(east).lower()] = point(east, "ProvisioningState/succeeded")
    west.say("PUT", path, Reply(status=201, body=point(west, "ReplicationState/succeeded", path=path)))
    assert "nothing was copied now" in farpoint("point", "copy", "web01/rp1", "--to", "westus").err


def test_what_has_begun_is_not_said_to_exist_already(east: RegionStub, farpoint: Farpoint) -> None:
    east.say("PUT", point_path(east), Reply(status=201, body=point(east, "ProvisioningState/creating", state="Creating")))
    assert "exists already" not in farpoint("point", "create", "web01/rp1").err


def test_wait_returns_when_the_capture_is_complete(east: RegionStub, farpoint: Farpoint) -> None:
    running = point(east, "ProvisioningState/creating", state="Creating", done=400)
    done = point(east, "ProvisioningState/succeeded", done=1000)
    east.say("GET", point_path(east), *replies(running, running, done))
    outcome = farpoint("point", "create", "web01/rp1", "--wait", "-o", "json")
    assert (outcome.exit, outcome.json()) == (0, done)
    assert "os: 400 B of 1000 B (40.0 %)" in outcome.err
    assert all(one.query["$expand"] == "instanceView" for one in east.asked("GET") if one.path == point_path(east))


def test_a_copy_goes_into_a_collection_named_after_the_region(regions: Regions, east: RegionStub, farpoint: Farpoint) -> None:
    west = regions["westus"]
    east.resources[point_path(east).lower()] = point(east, "ProvisioningState/succeeded")
    assert farpoint("point", "copy", "web01/rp1", "--to", "westus").exit == 0
    collection, copy = west.asked("PUT")
    assert collection.path == west.path("restorePointCollections", "web01-westus")
    assert collection.body == {"location": "westus", "properties": {"source": {"id": east.path("restorePointCollections", "web01")}}}
    assert copy.path == point_path(west, "web01-westus")
    assert copy.body == {"properties": {"sourceRestorePoint": {"id": point_path(east)}}}
    assert east.asked("PUT") == []


@pytest.mark.parametrize("begun", [[], [{"name": "rp0"}]])
def test_a_refused_copy_leaves_no_new_collection_but_one_that_is_used(
    regions: Regions, east: RegionStub, farpoint: Farpoint, begun: list[Document]
) -> None:
    west = regions["westus"]
    path = west.path("restorePointCollections", "web01-westus")
    east.resources[point_path(east).lower()] = point(east, "ProvisioningState/succeeded")
    missing = Reply(status=404, body={"error": {"code": "ResourceNotFound", "message": "no"}})
    # Asked in this order: is there one, and has it points.
    west.say("GET", path, missing, *replies({"properties": {"restorePoints": begun}}))
    refusal = Reply(status=409, body={"error": {"code": "RestorePointNotReady", "message": "rp1 is not complete"}})
    west.say("PUT", point_path(west, "web01-westus"), refusal)
    outcome = farpoint("point", "copy", "web01/rp1", "--to", "westus")
    assert (outcome.exit, "RestorePointNotReady: rp1 is not complete" in outcome.err) == (1, True)
    assert [one.path for one in west.asked("DELETE")] == ([] if begun else [path])


def test_a_refused_copy_leaves_a_collection_that_was_there(regions: Regions, east: RegionStub, farpoint: Farpoint) -> None:
    west = regions["westus"]
    east.resources[point_path(east).lower()] = point(east, "ProvisioningState/succeeded")
    west.add(west.path("restorePointCollections", "web01-westus"), {"properties": {}})
    west.say("PUT", point_path(west, "web01-westus"), Reply(status=409, body={"error": {"code": "Conflict", "message": "rp1 exists"}}))
    assert farpoint("point", "copy", "web01/rp1", "--to", "westus").exit == 1
    assert west.asked("DELETE") == []


def test_wait_for_a_copy_returns_when_replication_has_succeeded(regions: Regions, east: RegionStub, farpoint: Farpoint) -> None:
    west = regions["westus"]
    path = point_path(west, "web01-westus")
    east.resources[point_path(east).lower()] = point(east, "ProvisioningState/succeeded")
    # Azure's contract: provisioningState says Succeeded as soon as the copy has started.
    started = point(west, "ReplicationState/replicating", path=path)
    done = point(west, "ReplicationState/succeeded", path=path, done=1000)
    west.say("GET", path, *replies(started, started, done))
    outcome = farpoint("point", "copy", "web01/rp1", "--to", "westus", "--wait", "-o", "json")
    assert (outcome.exit, outcome.json()) == (0, done)
    assert len([one for one in west.asked("GET") if one.path == path]) == 3


def test_a_failed_copy_tells_code_disk_offset_and_cause(regions: Regions, east: RegionStub, farpoint: Farpoint) -> None:
    west = regions["westus"]
    path = point_path(west, "web01-westus")
    east.resources[point_path(east).lower()] = point(east, "ProvisioningState/succeeded")
    cause: Document = {
        "code": "InsufficientSpace",
        "message": "the bucket is full",
        "hint": "Needed: 10 bytes, free: 1 bytes.",
        "disk": "os",
        "offsetBytes": 262144,
        "lengthBytes": 262144,
        "percent": 41.5,
    }
    west.say("GET", path, *replies(point(west, "ReplicationState/failed", path=path, error=cause)))
    outcome = farpoint("point", "copy", "web01/rp1", "--to", "westus", "--wait")
    assert outcome.exit == 1
    assert "InsufficientSpace: the bucket is full (disk os, bytes 262144-524287). Needed: 10 bytes, free: 1 bytes." in outcome.err
    assert "41.5 % was done" in outcome.err


def test_damage_has_an_exit_status_of_its_own(east: RegionStub, farpoint: Farpoint) -> None:
    cause: Document = {"code": "IntegrityError", "message": "the frame does not open", "pack": "packs/ab/cd", "frame": 3}
    east.say("GET", point_path(east), *replies(point(east, "ProvisioningState/failed", state="Failed", error=cause)))
    outcome = farpoint("point", "watch", "web01/rp1")
    assert outcome.exit == 5
    assert "pack packs/ab/cd, frame 3" in outcome.err


def test_a_region_that_is_not_well_is_asked_again_while_waiting(east: RegionStub, farpoint: Farpoint) -> None:
    running = point(east, "ProvisioningState/creating", state="Creating")
    broken = Reply(status=500, body={"error": {"code": "InternalError", "message": "unexpected"}})
    done = point(east, "ProvisioningState/succeeded")
    east.say("GET", point_path(east), *replies(running), broken, *replies(done))
    outcome = farpoint("point", "watch", "web01/rp1")
    assert outcome.exit == 0
    assert "waiting: InternalError: unexpected [eastus]; asking again" in outcome.err


def test_what_the_work_waits_for_is_shown(east: RegionStub, farpoint: Farpoint) -> None:
    waiting = point(east, "ProvisioningState/creating", state="Creating")
    view = waiting["properties"]
    assert isinstance(view, dict)
    view["instanceView"]["farpoint"]["waiting"] = "peer eastus does not answer"
    east.say("GET", point_path(east), *replies(waiting, waiting, point(east, "ProvisioningState/succeeded")))
    assert "waiting: peer eastus does not answer" in farpoint("point", "watch", "web01/rp1").err


def test_a_timeout_leaves_the_work_going_on(east: RegionStub, farpoint: Farpoint) -> None:
    east.say("GET", point_path(east), *replies(point(east, "ProvisioningState/creating", state="Creating")))
    outcome = farpoint("point", "watch", "web01/rp1", "--timeout", "0.3")
    assert outcome.exit == 1
    assert "it goes on" in outcome.err


def test_a_point_that_is_deleted_while_watched_is_not_found(east: RegionStub, farpoint: Farpoint) -> None:
    gone = Reply(status=404, body={"error": {"code": "NotFound", "message": "The entity was not found in this Azure location."}})
    east.say("GET", point_path(east), *replies(point(east, "ProvisioningState/creating", state="Creating")), gone)
    outcome = farpoint("point", "watch", "web01/rp1")
    assert (outcome.exit, outcome.err.splitlines()[-1]) == (3, "farpoint: restore point web01/rp1 was deleted before it was complete")


def test_points_are_listed_with_the_state_of_their_copies(regions: Regions, farpoint: Farpoint) -> None:
    west = regions["westus"]
    path = point_path(west, "web01-westus")
    copy = point(west, "ReplicationState/replicating", path=path, done=250)
    plain = {"name": "rp1", "id": path, "properties": {"provisioningState": "Succeeded", "farpoint": {"complete": False}}}
    west.add(west.path("restorePointCollections", "web01-westus"), {"properties": {"restorePoints": [plain]}})
    west.resources[path.lower()] = copy
    line = farpoint("point", "list").out.splitlines()[1]
    assert line.split()[:5] == ["web01-westus", "rp1", "westus", "Copying,", "25"]


def test_a_collection_shows_how_far_its_copies_are(regions: Regions, farpoint: Farpoint) -> None:
    west = regions["westus"]
    path = point_path(west, "web01-westus")
    plain = {"name": "rp1", "id": path, "properties": {"provisioningState": "Succeeded", "farpoint": {"complete": False}}}
    west.add(west.path("restorePointCollections", "web01-westus"), {"properties": {"restorePoints": [plain]}})
    west.resources[path.lower()] = point(west, "ReplicationState/replicating", path=path, done=560)
    assert "rp1    Copying, 56 %" in farpoint("collection", "show", "web01-westus").out


@pytest.mark.parametrize(
    ("done", "waiting", "said"),
    [(560, "peer eastus does not answer", "Copying, 56 %, waiting: peer eastus does not answer"), (1000, "", "Copying, 100 %, transfer")],
)
def test_a_copy_tells_percent_step_and_what_it_waits_for(regions: Regions, farpoint: Farpoint, done: int, waiting: str, said: str) -> None:
    west = regions["westus"]
    path = point_path(west, "web01-westus")
    copy = west.resources[path.lower()] = point(west, "ReplicationState/replicating", path=path, done=done)
    facts_of(copy)["waiting"] = waiting
    assert said in farpoint("point", "show", "web01-westus/rp1").out


def test_wait_lasts_until_the_operation_itself_has_ended(regions: Regions, farpoint: Farpoint) -> None:
    west = regions["westus"]
    path = point_path(west, "web01-westus")
    receipt, ended = (point(west, "ReplicationState/succeeded", path=path, done=1000) for _ in range(2))
    facts_of(receipt).update(state="Running", step="receipt")
    facts_of(ended).update(state="Succeeded")
    west.say("GET", path, *replies(receipt, receipt, ended))
    assert farpoint("point", "watch", "web01-westus/rp1", "-o", "json").json() == ended


def test_tables_shorten_digests_and_json_does_not(east: RegionStub, farpoint: Farpoint) -> None:
    shown = east.resources[point_path(east).lower()] = point(east, "ProvisioningState/succeeded")
    digest = f"1024-512-{'0123456789abcdef' * 4}"
    properties = shown["properties"]
    assert isinstance(properties, dict)
    properties["farpoint"]["disks"] = [{"name": "os", "digest": digest}]
    assert farpoint("point", "show", "web01/rp1").out.endswith(" 1024-512-0123456789abcdef…\n")
    assert digest in farpoint("point", "show", "web01/rp1", "-o", "json").out


def test_point_show_prints_the_point_with_its_instance_view(east: RegionStub, farpoint: Farpoint) -> None:
    shown = point(east, "ProvisioningState/succeeded")
    east.resources[point_path(east).lower()] = shown
    outcome = farpoint("point", "show", "web01/rp1", "-o", "json")
    assert outcome.json() == shown
    assert east.asked("GET")[0].query["$expand"] == "instanceView"


def test_a_delete_waits_for_its_operation(east: RegionStub, farpoint: Farpoint) -> None:
    east.resources[point_path(east).lower()] = point(east, "ProvisioningState/succeeded")
    operation = f"{east.subscription}/providers/Microsoft.Compute/locations/eastus/operations/1"
    headers = {"Azure-AsyncOperation": f"{east.endpoint}{operation}?api-version=2024-11-01"}
    east.say("DELETE", point_path(east), Reply(status=202, headers=headers))
    east.say("GET", operation, *replies({"status": "InProgress"}, {"status": "Succeeded"}))
    outcome = farpoint("point", "delete", "web01/rp1", "--wait")
    assert (outcome.exit, outcome.out) == (0, "")
    assert "web01/rp1 is deleted in eastus" in outcome.err


def test_a_collection_is_deleted_with_its_points(east: RegionStub, farpoint: Farpoint) -> None:
    path = east.path("restorePointCollections", "web01")
    east.add(path, {"properties": {}})
    operation = f"{east.subscription}/providers/Microsoft.Compute/locations/eastus/operations/1"
    headers = {"Azure-AsyncOperation": f"{east.endpoint}{operation}?api-version=2024-11-01"}
    east.say("DELETE", path, Reply(status=202, headers=headers))
    east.say("GET", operation, *replies({"status": "InProgress"}, {"status": "Succeeded"}))
    outcome = farpoint("collection", "delete", "web01", "--wait")
    assert (outcome.exit, outcome.out) == (0, "")
    assert "collection web01 is deleted in eastus" in outcome.err
