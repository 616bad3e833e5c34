"""azure-wire.md §1: headers, times, and the life of a long-running operation in both of its forms."""

import json
import re

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute
from tests.integration.wire.documents import Guid, Time, azure_part, ordered
from tests.integration.wire.scene import LOCAL, Scene

from farpoint.metadata import operations
from farpoint.testing.arm_region import SUBSCRIPTION
from farpoint.testing.played_work import play_deletion

URL = (
    rf"https://eastus\.test:8443/subscriptions/{SUBSCRIPTION}/providers/Microsoft\.Compute/locations/eastus/%s/"
    r"(?P<id>[0-9a-f-]{36})\?p=[0-9a-f-]{36}%s&api-version=2024-11-01"
)


def without_ours(answer: httpx.Response) -> object:
    """Return an operation's document without percentComplete, which ARM has and the compute provider never sends."""
    return ordered({name: value for name, value in json.loads(answer.text).items() if name != "percentComplete"})


def test_the_start_of_a_point_has_an_azure_async_operation_and_no_location(scene: Scene) -> None:
    answer = scene.create()
    assert re.fullmatch(URL % ("operations", ""), answer.headers["azure-asyncoperation"])
    assert "location" not in answer.headers
    assert (answer.headers["azure-asyncnotification"], answer.headers["retry-after"]) == ("Enabled", "1")


def test_a_deletion_is_202_without_a_body_and_has_both_urls(scene: Scene) -> None:
    scene.finish()
    for path in (f"{LOCAL}/restorePoints/rp1", LOCAL):
        answer = scene.east.send("DELETE", path)
        assert (answer.status_code, answer.content) == (202, b"")
        assert re.fullmatch(URL % ("operations", ""), answer.headers["azure-asyncoperation"])
        assert re.fullmatch(URL % ("operations", "&monitor=true"), answer.headers["location"])
        assert (answer.headers["azure-asyncnotification"], answer.headers["retry-after"]) == ("Enabled", "1")


def test_the_start_of_a_disk_is_202_with_the_resource_and_both_urls(scene: Scene) -> None:
    answer = scene.restore()
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (202, "Updating")
    assert re.fullmatch(URL % ("DiskOperations", ""), answer.headers["azure-asyncoperation"])
    assert re.fullmatch(URL % ("DiskOperations", "&monitor=true"), answer.headers["location"])
    assert "azure-asyncnotification" not in answer.headers


def test_the_request_id_of_a_start_is_the_operations_id(scene: Scene) -> None:
    for answer in (scene.restore(), scene.create("rp2"), scene.east.send("DELETE", f"{LOCAL}/restorePoints/rp1")):
        matched = re.search(r"perations/([0-9a-f-]{36})\?", answer.headers["azure-asyncoperation"])
        assert matched is not None
        assert answer.headers["x-ms-request-id"] == matched[1]


def test_the_url_names_the_region_that_is_written_to(scene: Scene) -> None:
    assert re.fullmatch((URL % ("operations", "")).replace("eastus", "westus"), scene.copy().headers["azure-asyncoperation"])


def test_the_partition_is_one_per_region_and_provider(scene: Scene) -> None:
    starts = [scene.restore(), scene.create("rp2"), scene.east.send("DELETE", f"{LOCAL}/restorePoints/rp1")]
    disk, create, delete = (httpx.URL(answer.headers["azure-asyncoperation"]).params["p"] for answer in starts)
    assert create == delete
    assert create != disk


def test_a_running_operation_is_200_and_says_so_in_azures_order(scene: Scene) -> None:
    start = scene.create()
    answer = scene.east.send("GET", start.headers["azure-asyncoperation"])
    expected = {"startTime": Time(), "status": "InProgress", "name": start.headers["x-ms-request-id"]}
    assert (answer.status_code, answer.headers["retry-after"]) == (200, "1")
    assert without_ours(answer) == ordered(expected)


def test_a_finished_compute_operation_has_no_output(scene: Scene) -> None:
    start = scene.finish()
    answer = scene.east.send("GET", start.headers["azure-asyncoperation"])
    expected = {"startTime": Time(), "endTime": Time(), "status": "Succeeded", "name": Guid()}
    assert (answer.status_code, without_ours(answer)) == (200, ordered(expected))


def test_a_finished_disk_operation_has_the_disk_as_its_output(scene: Scene) -> None:
    start = scene.restore_finished()
    disk = scene.east.send("GET", compute("disks", "new")).json()
    answer = scene.east.send("GET", start.headers["azure-asyncoperation"])
    expected = {"startTime": Time(), "endTime": Time(), "status": "Succeeded", "properties": {"output": disk}, "name": Guid()}
    assert (answer.status_code, without_ours(answer)) == (200, ordered(expected))


def test_a_failed_operation_is_200_and_has_code_and_message(scene: Scene) -> None:
    start = scene.copy_failed()
    answer = scene.west.send("GET", start.headers["azure-asyncoperation"])
    error = {"code": "PeerRefused", "message": "no"}
    expected = {"startTime": Time(), "endTime": Time(), "status": "Failed", "error": error, "name": Guid()}
    assert (answer.status_code, without_ours(answer)) == (200, ordered(expected))


def test_a_copys_operation_has_succeeded_when_the_copy_has_started(scene: Scene) -> None:
    start = scene.copy_running()
    assert scene.west.send("GET", start.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"


def test_the_location_of_a_disk_is_202_then_the_disk(scene: Scene) -> None:
    location = scene.restore().headers["location"]
    running = scene.east.send("GET", location)
    assert (running.status_code, running.content, running.headers["location"]) == (202, b"", location)
    assert running.headers["retry-after"] == "1"


def test_the_location_of_a_finished_disk_is_200_and_the_disk(scene: Scene) -> None:
    location = scene.restore_finished().headers["location"]
    answer = scene.east.send("GET", location)
    assert (answer.status_code, azure_part(answer)) == (200, azure_part(scene.east.send("GET", compute("disks", "new"))))


def test_the_location_of_a_deletion_is_202_then_200_and_empty(scene: Scene) -> None:
    scene.finish()
    location = scene.east.send("DELETE", f"{LOCAL}/restorePoints/rp1").headers["location"]
    assert scene.east.send("GET", location).status_code == 202
    play_running_deletion(scene.east)
    answer = scene.east.send("GET", location)
    assert (answer.status_code, answer.content) == (200, b"")


def play_running_deletion(arm: Arm) -> None:
    """Let the one deletion that runs come to its end."""
    with arm.region.context.database.read() as conn:
        (operation,) = operations.live_operations(conn)
    play_deletion(arm.region.context, operation)


def test_times_have_no_trailing_zeros_and_a_numeric_offset(scene: Scene) -> None:
    scene.east.region.clock.advance(0.05)
    assert scene.create().json()["properties"]["timeCreated"] == "2026-11-01T00:00:00.05+00:00"


@pytest.mark.parametrize("path", [LOCAL, compute("disks"), compute("disks", "none"), f"{LOCAL}/restorePoints/none", "/subscriptions"])
def test_every_answer_has_azures_headers(scene: Scene, path: str) -> None:
    headers = scene.east.send("GET", path).headers
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert {
        name: headers[name] for name in ("cache-control", "pragma", "expires", "strict-transport-security", "x-content-type-options")
    } == {
        "cache-control": "no-cache",
        "pragma": "no-cache",
        "expires": "-1",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
    }
    assert headers["x-ms-request-id"] == headers["x-ms-correlation-request-id"] == Guid()
    assert re.fullmatch(r"EASTUS:\d{8}T\d{6}Z:[0-9a-f-]{36}", headers["x-ms-routing-request-id"])


def test_the_callers_api_version_is_echoed_in_both_urls(scene: Scene) -> None:
    scene.finish()
    answer = scene.east.send("DELETE", f"{LOCAL}/restorePoints/rp1", version="2023-07-01-preview")
    for name in ("azure-asyncoperation", "location"):
        assert answer.headers[name].endswith("&api-version=2023-07-01-preview")


def test_a_failure_is_told_at_the_location_too(scene: Scene) -> None:
    start = scene.copy_failed()
    answer = scene.west.send("GET", f"{start.headers['azure-asyncoperation']}&monitor=true")
    assert (answer.status_code, answer.json()) == (409, {"error": {"code": "PeerRefused", "message": "no"}})
