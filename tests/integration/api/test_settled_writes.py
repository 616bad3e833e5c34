"""A write is answered when it is in the catalogue log; while the log cannot be written, nothing is started."""

from collections.abc import Mapping

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute
from tests.integration.api.test_login import FORM, TOKEN, form

from farpoint.errors import OutOfSpaceError
from farpoint.metadata import disks, operations
from farpoint.testing.arm_region import CLIENT, SECRET, SUBSCRIPTION
from farpoint.testing.catalogue_fold import check_log

VM = compute("virtualMachines", "web")
COLLECTION = compute("restorePointCollections", "web")
POINT = f"{COLLECTION}/restorePoints/rp1"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other"


def furnish(east: Arm) -> None:
    """Make one of each."""
    vm = east.add_vm("web", os_disk=east.attach("os"))
    east.add_collection("web", source=vm)
    assert east.send("PUT", POINT, {}).status_code == 201


def fill(east: Arm) -> None:
    """Let nothing into the bucket any more."""

    def refuse(verb: str, _name: str) -> None:
        if verb == "put":
            raise OutOfSpaceError("the bucket is full", needed_bytes=2, free_bytes=1)

    east.region.bucket.before = refuse


def make_room(east: Arm) -> None:
    east.region.bucket.before = lambda _verb, _name: None


def attach(east: Arm, name: str) -> httpx.Response:
    properties = {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(east.region.disk_file(name))}}
    return east.send("PUT", compute("disks", name), {"location": "eastus", "properties": properties})


def check_unavailable(answer: httpx.Response, *, words: str) -> None:
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"]["code"] == "CatalogueUnavailable"
    assert words in answer.json()["error"]["message"]
    assert "the bucket is full" in answer.json()["error"]["message"]
    assert answer.headers["x-ms-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", GROUP, {"location": "eastus"}),
        ("PATCH", COLLECTION, {"tags": {"a": "b"}}),
        ("PUT", f"{COLLECTION}/restorePoints/rp2", {}),
        ("DELETE", VM, None),
        ("DELETE", POINT, None),
        ("DELETE", COLLECTION, None),
    ],
)
def test_an_answered_write_is_in_the_log(east: Arm, method: str, path: str, body: Mapping[str, object] | None) -> None:
    furnish(east)
    check_log(east.region.log, east.region.context.database)
    answer = east.send(method, path, body)
    assert answer.status_code < 300 or path.endswith("rp2"), answer.text
    check_log(east.region.log, east.region.context.database)


def test_a_write_that_does_not_reach_the_log_is_not_acknowledged_and_is_when_it_is_asked_for_again(east: Arm) -> None:
    furnish(east)
    fill(east)
    check_unavailable(attach(east, "more"), words="not safe yet")
    make_room(east)
    east.region.context.catalogue.settle()
    assert attach(east, "more").status_code == 200
    check_log(east.region.log, east.region.context.database)


def test_while_the_log_cannot_be_written_nothing_is_started(east: Arm) -> None:
    furnish(east)
    fill(east)
    attach(east, "first")
    east.region.launched.clear()
    check_unavailable(attach(east, "second"), words="Nothing was started")
    check_unavailable(east.send("PUT", f"{COLLECTION}/restorePoints/rp2", {}), words="Nothing was started")
    check_unavailable(east.send("DELETE", POINT), words="Nothing was started")
    with east.region.context.database.read() as conn:
        assert disks.get_disk(conn, group="default", name="second") is None
        assert len(operations.live_operations(conn)) == 1
    assert east.region.launched == []


def test_while_the_log_cannot_be_written_people_log_in_and_read(east: Arm) -> None:
    furnish(east)
    fill(east)
    attach(east, "first")
    sent = form(grant_type="client_credentials", client_id=CLIENT, client_secret=SECRET)
    assert east.send("POST", TOKEN, sent, headers=FORM, version=None).status_code == 200
    assert east.send("GET", POINT).status_code == 200
    assert len(east.send("GET", compute("disks")).json()["value"]) == 2


def test_a_refused_write_is_refused_for_its_own_reason_first(east: Arm) -> None:
    fill(east)
    attach(east, "first")
    east.token = "nonsense"
    assert attach(east, "second").status_code == 401
