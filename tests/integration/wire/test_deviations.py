"""Each row of "Deviations" in docs/arm-compatibility.md is a test of that name here, and the other way round."""

import json
import re
from pathlib import Path

from attrs import evolve
from tests.integration.api.arm_client import compute
from tests.integration.wire.scene import COPIES, LOCAL, Scene, copy_body

from farpoint.errors import OutOfSpaceError
from farpoint.metadata import points
from farpoint.model.manifest import Consistency
from farpoint.testing.arm_region import SUBSCRIPTION
from farpoint.testing.played_work import play_publish

TESTS = Path(__file__).resolve().parents[2]
PAGE = TESTS.parent / "docs" / "arm-compatibility.md"
COPY = f"{COPIES}/restorePoints/rp1"


def test_every_row_of_the_table_has_its_test_and_every_test_its_row() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## Deviations")[2].partition("\n## ")[0]
    rows = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    here = {name.removeprefix("test_deviation_") for name in globals() if name.startswith("test_deviation_")}
    # A resource with tests of its own has those of its rows among them.
    elsewhere = {
        name for path in TESTS.rglob("test_*.py") for name in re.findall(r"^def test_(\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert here - rows == set()
    assert rows - here - elsewhere == set()


def test_deviation_time_created_of_a_copy(scene: Scene) -> None:
    properties = scene.copy().json()["properties"]
    source = scene.east.send("GET", f"{LOCAL}/restorePoints/rp1").json()["properties"]
    assert (source["timeCreated"], properties["timeCreated"]) == ("2026-11-01T00:00:00+00:00", "2026-11-01T01:00:00+00:00")
    assert properties["farpoint"]["sourceTimeCreated"] == source["farpoint"]["sourceTimeCreated"]


def test_deviation_fresh_progress(scene: Scene) -> None:
    scene.copy_running()
    (first, _) = scene.west.send("GET", COPY, expand="instanceView").json()["properties"]["instanceView"]["diskRestorePoints"]
    assert first["replicationStatus"]["completionPercent"] == 25


def test_deviation_failed_copy_tells_why(scene: Scene) -> None:
    scene.copy_failed()
    (first, _) = scene.west.send("GET", COPY, expand="instanceView").json()["properties"]["instanceView"]["diskRestorePoints"]
    assert first["replicationStatus"]["completionPercent"] == 25
    assert first["replicationStatus"]["farpoint"]["error"]["code"] == "PeerRefused"


def test_deviation_restore_waits_for_the_copy(scene: Scene) -> None:
    scene.copy_running()
    (first, _) = scene.west.send("GET", f"{COPY}/diskRestorePoints").json()["value"]
    creation = {"createOption": "Restore", "sourceResourceId": first["id"]}
    answer = scene.west.send("PUT", compute("disks", "d"), {"location": "westus", "properties": {"creationData": creation}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "RestorePointNotReady")


def test_deviation_restore_in_another_region(scene: Scene) -> None:
    scene.finish()
    source = f"{LOCAL}/restorePoints/rp1/diskRestorePoints/{scene.disks(scene.east, LOCAL, 'rp1')[0].name}"
    creation = {"createOption": "Restore", "sourceResourceId": source}
    answer = scene.west.send("PUT", compute("disks", "d"), {"location": "westus", "properties": {"creationData": creation}})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (409, "OperationNotAllowed", "properties.creationData.sourceResourceId")


def test_deviation_hundred_percent_means_complete(scene: Scene) -> None:
    scene.copy_running()
    running = scene.west.send("GET", f"{COPY}/diskRestorePoints").json()["value"]
    assert max(row["properties"]["completionPercent"] for row in running) < 100
    play_publish(scene.west.region.context, scene.row(scene.west, COPIES, "rp1").id)
    complete = scene.west.send("GET", f"{COPY}/diskRestorePoints").json()["value"]
    assert {row["properties"]["completionPercent"] for row in complete} == {100.0}


def test_deviation_end_time_of_a_copy(scene: Scene) -> None:
    url = scene.copy_running().headers["azure-asyncoperation"]
    document = scene.west.send("GET", url).json()
    assert (document["status"], "endTime" in document) == ("Succeeded", False)
    play_publish(scene.west.region.context, scene.row(scene.west, COPIES, "rp1").id)
    assert "endTime" in scene.west.send("GET", url).json()


def test_deviation_a_copy_that_failed_later(scene: Scene) -> None:
    assert scene.west.send("GET", scene.copy_failed().headers["azure-asyncoperation"]).json()["status"] == "Failed"


def test_deviation_retry_after(scene: Scene) -> None:
    start = scene.create()
    poll = scene.east.send("GET", start.headers["azure-asyncoperation"])
    assert (start.headers["retry-after"], poll.headers["retry-after"]) == ("1", "1")


def test_deviation_percent_complete(scene: Scene) -> None:
    start = scene.finish()
    assert scene.east.send("GET", start.headers["azure-asyncoperation"]).json()["percentComplete"] == 100.0


def test_deviation_local_instance_view(scene: Scene) -> None:
    scene.create()
    view = scene.east.send("GET", f"{LOCAL}/restorePoints/rp1", expand="instanceView").json()["properties"]["instanceView"]
    assert [status["code"] for status in view["statuses"]] == ["ProvisioningState/creating"]
    assert "diskRestorePoints" not in view


def test_deviation_live_capture_consistency(scene: Scene) -> None:
    scene.create(farpoint={"allowLive": True})
    row = scene.row(scene.east, LOCAL, "rp1")
    with scene.east.region.context.database.write() as conn:
        points.update_point(conn, evolve(row, consistency=Consistency.NONE))
    assert scene.east.send("GET", f"{LOCAL}/restorePoints/rp1").json()["properties"]["consistencyMode"] == "None"


def test_deviation_repeated_put_of_a_point(scene: Scene) -> None:
    first, second = scene.finish(), scene.create()
    assert first.headers["azure-asyncoperation"] == second.headers["azure-asyncoperation"]


def test_deviation_answered_when_it_is_in_the_bucket(scene: Scene) -> None:
    def refuse(verb: str, _name: str) -> None:
        if verb == "put":
            raise OutOfSpaceError("the bucket is full", needed_bytes=2, free_bytes=1)

    scene.east.region.bucket.before = refuse
    answer = scene.east.send("PATCH", LOCAL, {"tags": {"a": "b"}})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"]["code"] == "CatalogueUnavailable"
    assert scene.east.send("GET", LOCAL).status_code == 200


def test_deviation_attach_registers_a_path(scene: Scene) -> None:
    properties = scene.east.send("GET", compute("disks", "os")).json()["properties"]
    assert properties["creationData"] == {"createOption": "Attach"}
    assert properties["farpoint"]["path"] == str(scene.east.region.pool / "os.raw")


def test_deviation_deleting_a_disk_keeps_its_file(scene: Scene) -> None:
    scene.east.attach("spare")
    assert scene.east.send("DELETE", compute("disks", "spare")).status_code == 200
    assert (scene.east.region.pool / "spare.raw").exists()


def test_deviation_synchronous_neighbours(scene: Scene) -> None:
    answers = [scene.east.send("DELETE", path) for path in (compute("virtualMachines", "web"), compute("disks", "os"))]
    assert [(answer.status_code, "location" in answer.headers) for answer in answers] == [(200, False)] * 2


def test_deviation_disk_facts_left_out(scene: Scene) -> None:
    scene.restore_finished()
    disk = scene.east.send("GET", compute("disks", "new")).json()["properties"]
    point = scene.east.send("GET", f"{LOCAL}/restorePoints/rp1/diskRestorePoints").json()["value"][0]["properties"]
    assert not {"isArmResource", "supportedCapabilities"} & {*disk, *point}


def test_deviation_casing_in_subscription_lists(scene: Scene) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/restorePointCollections"
    assert LOCAL in [row["id"] for row in scene.east.send("GET", path).json()["value"]]


def test_deviation_microseconds(scene: Scene) -> None:
    scene.east.region.clock.advance(0.123456)
    assert scene.create().json()["properties"]["timeCreated"] == "2026-11-01T00:00:00.123456+00:00"


def test_deviation_compact_bodies(scene: Scene) -> None:
    text = scene.create().text
    assert text == json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


def test_deviation_messages_end_with_a_hint(scene: Scene) -> None:
    error = scene.east.send("GET", compute("disks", "none")).json()["error"]
    assert error["message"].endswith(error["farpoint"]["hint"])
    assert "aka.ms" not in error["message"]


def test_deviation_no_rate_limit_headers(scene: Scene) -> None:
    scene.finish()
    for answer in (scene.west.send("PUT", COPY, copy_body(f"{LOCAL}/restorePoints/rp1")), scene.west.send("GET", COPY)):
        assert [name for name in answer.headers if "ratelimit" in name] == []
