"""azure-clients.md §0: the thirteen rules that break clients when they are broken, each a test of that number.

Rules 9 and 11 are about the bytes behind a SAS; they are tested with the page-blob protocol (tests/integration/blob).
"""

import json

import httpx
from tests.integration.api.arm_client import Arm, compute
from tests.integration.wire.scene import COPIES, LOCAL, VM, Scene, collection_body, copy_body

from farpoint.testing.arm_region import SUBSCRIPTION


def test_rule_1_a_put_of_a_restore_point_answers_201(scene: Scene) -> None:
    created, again = scene.create(), scene.create()
    assert (created.status_code, again.status_code) == (201, 201)


def test_rule_1_holds_for_copies_too(scene: Scene) -> None:
    scene.copy_finished()
    again = scene.west.send("PUT", f"{COPIES}/restorePoints/rp1", copy_body(f"{LOCAL}/restorePoints/rp1"))
    assert again.status_code == 201


def test_rule_2_a_put_of_a_disk_answers_200_or_202_and_never_201(scene: Scene) -> None:
    path = str(scene.east.region.disk_file("d"))
    body = {"location": "eastus", "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": path}}}
    assert [scene.east.send("PUT", compute("disks", "d"), body).status_code for _ in range(2)] == [200, 200]
    assert scene.restore().status_code == 202


def test_rule_3_a_put_of_a_collection_is_synchronous(scene: Scene) -> None:
    again = scene.east.send("PUT", LOCAL, collection_body(compute("virtualMachines", "web"), "eastus"))
    assert (scene.collection.status_code, scene.copies.status_code, again.status_code) == (201, 201, 200)
    assert again.json()["properties"]["provisioningState"] == "Succeeded"


def test_rule_3_a_put_of_a_virtual_machine_answers_201_or_200(east: Arm) -> None:
    east.attach("os")
    east.attach("data")
    assert [east.send("PUT", compute("virtualMachines", "web"), VM).status_code for _ in range(2)] == [201, 200]


def test_rule_3_a_patch_of_a_collection_answers_200(scene: Scene) -> None:
    assert scene.east.send("PATCH", LOCAL, {"tags": {}}).status_code == 200


def test_rule_3_deletions_answer_200_or_202_and_204_for_what_is_not_there(scene: Scene) -> None:
    scene.finish()
    present = [f"{LOCAL}/restorePoints/rp1", LOCAL, compute("virtualMachines", "web"), compute("disks", "os")]
    assert [scene.east.send("DELETE", path).status_code for path in present] == [202, 202, 200, 200]
    absent = [f"{LOCAL}/restorePoints/no", f"{LOCAL}-no", compute("virtualMachines", "no"), compute("disks", "no")]
    assert {scene.east.send("DELETE", path).status_code for path in absent} == {204}


def disk_point(scene: Scene) -> str:
    """Return the id of a disk restore point whose bytes may be asked for."""
    scene.finish()
    return f"{LOCAL}/restorePoints/rp1/diskRestorePoints/{scene.disks(scene.east, LOCAL, 'rp1')[0].name}"


def test_rule_4_granting_access_leads_by_its_location_to_the_sas(scene: Scene) -> None:
    start = scene.east.send("POST", f"{disk_point(scene)}/beginGetAccess", {"access": "Read", "durationInSeconds": 3600})
    assert (start.status_code, start.content) == (202, b"")
    ended = scene.east.send("GET", start.headers["location"])
    assert (ended.status_code, list(ended.json())) == (200, ["accessSAS"])
    polled = scene.east.send("GET", start.headers["azure-asyncoperation"]).json()
    assert (polled["status"], polled["properties"]["output"]) == ("Succeeded", ended.json())


def test_rule_5_revoking_access_ends_with_an_empty_200(scene: Scene) -> None:
    path = disk_point(scene)
    scene.east.send("POST", f"{path}/beginGetAccess", {"access": "Read", "durationInSeconds": 3600})
    start = scene.east.send("POST", f"{path}/endGetAccess")
    assert start.status_code == 202
    ended = scene.east.send("GET", start.headers["location"])
    assert (ended.status_code, ended.content) == (200, b"")


def test_rule_10_the_path_of_a_sas_has_three_segments(scene: Scene) -> None:
    start = scene.east.send("POST", f"{disk_point(scene)}/beginGetAccess", {"access": "Read", "durationInSeconds": 3600})
    url = httpx.URL(scene.east.send("GET", start.headers["location"]).json()["accessSAS"])
    assert len(url.path.strip("/").split("/")) == 3
    assert {"sv", "sr", "sig"} <= set(url.params)


def test_rule_5_a_location_finally_answers_200_with_the_result(scene: Scene) -> None:
    start = scene.restore_finished()
    answer = scene.east.send("GET", start.headers["location"])
    assert (answer.status_code, answer.json()) == (200, scene.east.send("GET", compute("disks", "new")).json())


def test_rule_6_retry_after_is_a_positive_whole_number_wherever_a_client_waits(scene: Scene) -> None:
    start = scene.restore()
    answers = [
        start,
        scene.create("rp2"),
        scene.east.send("GET", start.headers["azure-asyncoperation"]),
        scene.east.send("GET", start.headers["location"]),
        scene.east.send("DELETE", f"{LOCAL}/restorePoints/rp2"),
    ]
    assert [answer.headers["retry-after"] for answer in answers] == ["1"] * 5


def test_rule_6_holds_for_what_is_unavailable(scene: Scene) -> None:
    scene.west.region.peers.down = {"eastus"}
    answer = scene.west.send("PUT", f"{COPIES}/restorePoints/x", copy_body(f"{LOCAL}/restorePoints/x"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_rule_7_paths_match_whatever_their_case(scene: Scene) -> None:
    scene.finish()
    path = f"{LOCAL}/restorePoints/rp1"
    expected = scene.east.send("GET", path).json()
    lower = path.lower()
    assert scene.east.send("GET", lower).json() == expected
    assert scene.east.send("GET", path.replace("resourceGroups", "RESOURCEGROUPS").replace("/web/", "/WEB/")).json() == expected
    assert scene.east.send("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups/DEFAULT").status_code == 200


def test_rule_8_an_empty_object_creates_a_point(scene: Scene) -> None:
    answer = scene.east.send("PUT", f"{LOCAL}/restorePoints/rp1", b"{}")
    assert answer.status_code == 201


def test_rule_12_nothing_was_done_when_the_answer_is_a_5xx(scene: Scene) -> None:
    scene.west.region.peers.down = {"eastus"}
    path = f"{COPIES}/restorePoints/x"
    assert scene.west.send("PUT", path, copy_body(f"{LOCAL}/restorePoints/x")).status_code == 503
    assert scene.west.send("GET", path).status_code == 404
    assert scene.west.region.launched == []


def test_rule_12_the_classes_of_the_sdks_exceptions(scene: Scene) -> None:
    scene.create()
    statuses = [
        scene.east.send("PUT", f"{LOCAL}/restorePoints/rp1", {"properties": {"consistencyMode": "CrashConsistent"}}).status_code,
        scene.east.send("GET", f"{LOCAL}/restorePoints/none").status_code,
        scene.east.send("GET", LOCAL, headers={"Authorization": "Bearer x"}).status_code,
    ]
    assert statuses == [409, 404, 401]


def test_rule_13_every_url_that_is_handed_out_is_https(scene: Scene) -> None:
    start = scene.restore()
    cloud = json.loads(scene.east.send("GET", "/metadata/endpoints", version="2022-09-01").text)
    urls = [start.headers["location"], start.headers["azure-asyncoperation"], cloud["authentication"]["loginEndpoint"]]
    assert all(url.startswith("https://") for url in urls)
