"""What holds for every request: versions, casing, headers, missing things, wrong methods, huge bodies, our own bugs."""

import logging
import uuid

import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.testing.arm_region import SUBSCRIPTION


def code(answer_document: dict[str, dict[str, str]]) -> str:
    return answer_document["error"]["code"]


def test_the_api_version_is_mandatory(east: Arm) -> None:
    answer = east.send("GET", compute("disks"), version=None)
    assert (answer.status_code, code(answer.json())) == (400, "MissingApiVersionParameter")


@pytest.mark.parametrize("version", ["latest", "2021", "2021-13-01", "2021-02-30", "2021-03-01-", "2021-03-01 "])
def test_an_api_version_is_a_date(east: Arm, version: str) -> None:
    answer = east.send("GET", compute("disks"), version=version)
    assert (answer.status_code, code(answer.json())) == (400, "InvalidApiVersionParameter")


def test_an_api_version_before_the_feature_is_too_old(east: Arm) -> None:
    answer = east.send("GET", compute("disks"), version="2020-12-01")
    assert (answer.status_code, code(answer.json())) == (400, "BadRequest")
    assert "This request can be made with api-version '2021-03-01' or newer" in answer.text


@pytest.mark.parametrize("version", ["2021-03-01", "2026-04-01", "2024-11-01-preview"])
def test_any_version_since_then_is_accepted(east: Arm, version: str) -> None:
    assert east.send("GET", compute("disks"), version=version).status_code == 200


def test_older_versions_may_ask_about_groups_and_subscriptions(east: Arm) -> None:
    assert east.send("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups/default", version="2019-10-01").status_code == 200


def test_fixed_words_and_names_are_compared_without_regard_to_case(east: Arm) -> None:
    east.attach("OsDisk")
    path = f"/SUBSCRIPTIONS/{SUBSCRIPTION.upper()}/resourcegroups/DEFAULT/Providers/microsoft.compute/DISKS/osdisk"
    answer = east.send("GET", path)
    assert answer.status_code == 200
    assert answer.json()["id"] == compute("disks", "OsDisk")


def test_query_names_are_compared_without_regard_to_case(east: Arm) -> None:
    assert east.send("GET", f"{compute('disks')}?API-Version=2024-11-01", version=None).status_code == 200


def test_every_answer_has_azures_standing_headers(east: Arm) -> None:
    for answer in (east.send("GET", compute("disks")), east.send("GET", compute("disks", "none")), east.send("GET", "/nowhere")):
        assert uuid.UUID(answer.headers["x-ms-request-id"]).version == 4
        assert answer.headers["x-ms-correlation-request-id"] == answer.headers["x-ms-request-id"]
        assert answer.headers["x-ms-routing-request-id"].startswith("EASTUS:20261101T")
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_a_correlation_id_is_kept_when_it_is_a_guid(east: Arm) -> None:
    mine = str(uuid.UUID(int=5))
    kept = east.send("GET", compute("disks"), headers={"x-ms-correlation-request-id": mine})
    assert kept.headers["x-ms-correlation-request-id"] == mine
    other = east.send("GET", compute("disks"), headers={"x-ms-correlation-request-id": "evil"})
    assert other.headers["x-ms-correlation-request-id"] != "evil"


@pytest.mark.parametrize("kind", ["disks", "virtualMachines", "restorePointCollections"])
def test_a_missing_top_level_resource_is_the_gateways_404(east: Arm, kind: str) -> None:
    answer = east.send("GET", compute(kind, "none"))
    assert (answer.status_code, code(answer.json())) == (404, "ResourceNotFound")
    assert f"The Resource 'Microsoft.Compute/{kind}/none' under resource group 'default' was not found." in answer.text
    assert answer.headers["x-ms-failure-cause"] == "gateway"


@pytest.mark.parametrize("path", ["restorePoints/p", "restorePoints/p/diskRestorePoints", "restorePoints/p/diskRestorePoints/d"])
def test_a_missing_child_is_the_providers_404(east: Arm, path: str) -> None:
    answer = east.send("GET", compute("restorePointCollections", "c", path))
    assert (answer.status_code, code(answer.json())) == (404, "NotFound")
    assert answer.json()["error"]["message"].startswith("The entity was not found in this Azure location.")
    assert "x-ms-failure-cause" not in answer.headers


def test_an_unknown_path_is_not_found_in_the_same_envelope(east: Arm) -> None:
    answer = east.send("GET", compute("availabilitySets", "a"))
    assert (answer.status_code, code(answer.json())) == (404, "NotFound")


def test_a_wrong_method_says_which_are_allowed(east: Arm) -> None:
    answer = east.send("POST", compute("disks", "d"))
    assert (answer.status_code, code(answer.json())) == (405, "MethodNotAllowed")
    assert "GET" in answer.headers["allow"] or "PUT" in answer.headers["allow"] or "DELETE" in answer.headers["allow"]


def test_an_unknown_expansion_is_refused(east: Arm) -> None:
    disk = east.attach("os")
    collection = east.add_collection("c", source=east.add_vm("v", os_disk=disk))
    answer = east.send("GET", collection, expand="everything")
    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "$expand")


def test_a_huge_body_is_refused_before_it_is_read(east: Arm) -> None:
    answer = east.send("PUT", compute("disks", "d"), b"{" + b" " * (4 << 20))
    assert (answer.status_code, code(answer.json())) == (413, "RequestContentTooLarge")


def test_a_body_of_exactly_the_limit_is_read(east: Arm) -> None:
    answer = east.send("PUT", compute("disks", "d"), b"{}".ljust(4 << 20))
    assert (answer.status_code, code(answer.json())) == (400, "InvalidParameter")


def test_a_bug_of_ours_is_answered_without_a_trace_and_logged_once(
    east: Arm, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        message = "the secret is swordfish"
        raise ValueError(message)

    monkeypatch.setattr("farpoint.services.disks.get_disk", broken)
    with caplog.at_level(logging.ERROR):
        answer = east.send("GET", compute("disks", "d"))
    assert (answer.status_code, code(answer.json())) == (500, "InternalError")
    assert "swordfish" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-ms-request-id"] in answer.text
    assert [record.message for record in caplog.records] == ["request_failed"]
