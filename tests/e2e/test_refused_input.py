"""Bad input through the real stack: each refusal says which rule, and leaves nothing behind."""

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.e2e.arm_http import ArmHttp, error_code
from tests.e2e.dev_regions import EAST, WEST, DevRegions, until
from tests.e2e.images import make_image
from tests.e2e.watching import until_ended

from farpoint.model.documents import JsonObject
from farpoint.units import MIB

pytestmark = pytest.mark.e2e


def attach(client: ArmHttp, name: str, path: Path | str, location: str = EAST) -> httpx.Response:
    body: JsonObject = {"location": location, "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(path)}}}
    return client.send("PUT", client.compute("disks", name), body)


def refusal(client: ArmHttp, name: str, path: Path | str) -> tuple[int, str, str]:
    """Try to register a disk; make sure that nothing came of it."""
    answer = attach(client, name, path)
    assert client.send("GET", client.compute("disks", name)).status_code == 404
    return answer.status_code, error_code(answer), str(answer.json()["error"]["message"])


def test_a_missing_disk_is_refused(pair: DevRegions, east: ArmHttp) -> None:
    status, code, message = refusal(east, "missing", pair.pool / "missing.raw")
    assert (status, code) == (400, "DiskNotFound")
    assert str(pair.pool / "missing.raw") in message


def test_a_directory_is_refused(pair: DevRegions, east: ArmHttp) -> None:
    (pair.pool / "folder.raw").mkdir()
    status, code, message = refusal(east, "folder", pair.pool / "folder.raw")
    assert (status, code) == (400, "DiskUnsupported")
    assert "folder" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_disk_is_refused(pair: DevRegions, east: ArmHttp, dice: random.Random) -> None:
    make_image(pair.pool / "secret.raw", MIB, dice).chmod(0)
    assert refusal(east, "secret", pair.pool / "secret.raw")[:2] == (400, "DiskUnreadable")


@pytest.mark.parametrize(("size", "word"), [(0, "empty"), (511, "512"), (1_000_001, "1000448")])
def test_a_size_that_is_no_multiple_of_512_is_refused(pair: DevRegions, east: ArmHttp, size: int, word: str) -> None:
    path = pair.pool / f"odd{size}.raw"
    path.write_bytes(bytes(size))
    status, code, message = refusal(east, f"odd{size}", path)
    assert (status, code) == (400, "DiskUnsupported")
    assert word in message


def test_a_qcow2_image_is_refused_with_the_way_to_convert_it(pair: DevRegions, east: ArmHttp) -> None:
    path = pair.pool / "image.qcow2"
    path.write_bytes(b"QFI\xfb\x00\x00\x00\x03" + bytes(65536 - 8))
    status, code, message = refusal(east, "image", path)
    assert (status, code) == (400, "DiskUnsupported")
    assert "qemu-img convert" in message


def test_a_path_outside_the_pools_is_refused_naming_the_pools(pair: DevRegions, east: ArmHttp) -> None:
    outside = pair.folder.path / "outside.raw"
    outside.write_bytes(bytes(4096))
    status, code, message = refusal(east, "outside", outside)
    assert (status, code) == (400, "DiskOutsidePools")
    assert str(pair.pool) in message


def test_a_symbolic_link_leads_nowhere_outside_the_pools(pair: DevRegions, east: ArmHttp) -> None:
    secret = pair.folder.path / "target.raw"
    secret.write_bytes(bytes(4096))
    (pair.pool / "escape.raw").symlink_to(secret)
    (pair.pool / "tunnel").symlink_to(pair.folder.path)
    for path in (pair.pool / "escape.raw", pair.pool / "tunnel" / "target.raw", pair.pool / ".." / "target.raw"):
        assert refusal(east, "escape", path)[:2] == (400, "DiskOutsidePools")


def test_a_restore_leads_nowhere_outside_the_pools(pair: DevRegions, dice: random.Random) -> None:
    pair.add_vm("inside", make_image(pair.pool / "inside.raw", MIB, dice))
    pair.capture("inside/rp1")
    into = pair.folder.path / "elsewhere"
    ran = pair.run("disk", "restore", "inside/rp1", "--into", str(into), "--wait", expect=None)
    assert ran.status != 0
    assert "pool" in ran.errors
    assert not into.exists() or not list(into.iterdir())


def test_a_disk_is_in_one_vm_only(pair: DevRegions, east: ArmHttp, dice: random.Random) -> None:
    disk = make_image(pair.pool / "shared.raw", MIB, dice)
    pair.add_vm("first", disk)
    disk_id = east.compute("disks", "shared")
    body: JsonObject = {
        "location": EAST,
        "properties": {"storageProfile": {"osDisk": {"createOption": "Attach", "managedDisk": {"id": disk_id}}}},
    }
    answer = east.send("PUT", east.compute("virtualMachines", "second"), body)
    assert answer.status_code == 409
    assert "first" in answer.text
    assert east.send("GET", east.compute("virtualMachines", "second")).status_code == 404


def test_an_unknown_region_is_refused(pair: DevRegions, east: ArmHttp) -> None:
    answer = attach(east, "martian", pair.pool / "martian.raw", location="mars")
    assert (answer.status_code, error_code(answer)) == (400, "LocationNotAvailableForResourceType")
    ran = pair.run("point", "copy", "web01/rp1", "--to", "mars", expect=2)
    assert "mars" in ran.errors


def test_a_disk_that_vanished_is_refused_before_anything_starts(pair: DevRegions, east: ArmHttp, dice: random.Random) -> None:
    disk = make_image(pair.pool / "vanished.raw", MIB, dice)
    pair.add_vm("vanished", disk)
    disk.unlink()
    ran = pair.run("point", "create", "vanished/rp1", "--wait", expect=None)
    assert ran.status != 0
    assert "DiskNotFound" in ran.errors
    path = east.compute("restorePointCollections", "vanished", "restorePoints", "rp1")
    assert east.send("GET", path).status_code == 404


def at_once(*sends: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Send several requests at the same moment; return the answers, best first."""
    gate = threading.Barrier(len(sends))
    answers: list[httpx.Response] = []

    def one(send: Callable[[], httpx.Response]) -> None:
        gate.wait()
        answers.append(send())

    threads = [threading.Thread(target=one, args=(send,)) for send in sends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers, key=lambda answer: answer.status_code)


def test_of_two_equal_captures_of_one_name_one_is_made_and_both_are_told_of_it(pair: DevRegions, dice: random.Random) -> None:
    pair.add_vm("race", make_image(pair.pool / "race.raw", MIB, dice))
    pair.capture("race/rp0")
    with ArmHttp(pair.environment, EAST) as one, ArmHttp(pair.environment, EAST) as other:
        path = one.compute("restorePointCollections", "race", "restorePoints", "rp1")
        # Both are logged in before the start.
        assert all((one.token, other.token))
        answers = at_once(lambda: one.send("PUT", path, {}), lambda: other.send("PUT", path, {}))
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].headers["azure-asyncoperation"] == answers[1].headers["azure-asyncoperation"]
        until(lambda: one.send("GET", path).json()["properties"]["provisioningState"] == "Succeeded", "it is captured")


def test_of_two_equal_copies_of_one_name_one_is_made_and_both_are_told_of_it(pair: DevRegions, dice: random.Random) -> None:
    pair.add_vm("copyrace", make_image(pair.pool / "copyrace.raw", MIB, dice))
    pair.capture("copyrace/rp0")
    pair.capture("copyrace/rp1")
    pair.copy("copyrace/rp0")
    names = ("restorePointCollections", "copyrace-westus", "restorePoints", "rp1")
    with ArmHttp(pair.environment, WEST) as one, ArmHttp(pair.environment, WEST) as other:
        source = one.compute("restorePointCollections", "copyrace", "restorePoints", "rp1")
        body: JsonObject = {"properties": {"sourceRestorePoint": {"id": source}}}
        assert all((one.token, other.token))
        answers = at_once(lambda: one.send("PUT", one.compute(*names), body), lambda: other.send("PUT", other.compute(*names), body))
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].headers["azure-asyncoperation"] == answers[1].headers["azure-asyncoperation"]
        assert until_ended(one, *names).state == "Succeeded"
