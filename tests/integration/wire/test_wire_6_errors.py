"""azure-wire.md §1.3 and §6: the error envelope, and the codes and words that there is evidence for."""

import pytest
from tests.integration.api.arm_client import compute
from tests.integration.wire.scene import COPIES, LOCAL, Scene, copy_body

from farpoint.testing.arm_region import SUBSCRIPTION


def test_the_envelope_is_one_error_with_code_message_and_target(scene: Scene) -> None:
    document = scene.east.send("PUT", LOCAL, {"location": "eastus", "properties": {"source": {}}}).json()
    assert list(document) == ["error"]
    assert list(document["error"]) == ["code", "message", "target", "farpoint"]
    assert document["error"]["target"] == "properties.source.id"


def test_a_missing_restore_point_is_the_providers_not_found(scene: Scene) -> None:
    answer = scene.east.send("GET", f"{LOCAL}/restorePoints/none")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")
    assert answer.json()["error"]["message"].startswith("The entity was not found in this Azure location.")
    assert "x-ms-failure-cause" not in answer.headers


@pytest.mark.parametrize("kind", ["restorePointCollections", "disks", "virtualMachines"])
def test_a_missing_tracked_resource_is_the_gateways_not_found(scene: Scene, kind: str) -> None:
    answer = scene.east.send("GET", compute(kind, "none"))
    message = f"The Resource 'Microsoft.Compute/{kind}/none' under resource group 'default' was not found."
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert answer.json()["error"]["message"].startswith(message)
    assert answer.headers["x-ms-failure-cause"] == "gateway"


def test_a_missing_resource_group_is_the_gateways_too(scene: Scene) -> None:
    answer = scene.east.send("GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/none")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceGroupNotFound")
    assert answer.headers["x-ms-failure-cause"] == "gateway"


def test_a_concurrent_create_on_one_vm_is_a_client_error_of_the_point(scene: Scene) -> None:
    scene.create()
    answer = scene.east.send("PUT", f"{LOCAL}/restorePoints/rp2", {})
    assert answer.json()["error"]["code"] == "VMRestorePointClientError"
    words = "RestorePoint creation failed since a concurrent 'Create RestorePoint' operation was triggered on the VM."
    assert answer.json()["error"]["message"].startswith(words)


def test_an_api_version_before_the_feature_is_a_bad_request(scene: Scene) -> None:
    answer = scene.east.send("GET", LOCAL, version="2020-12-01")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert answer.json()["error"]["message"].startswith("This request can be made with api-version '2021-03-01' or newer")


@pytest.mark.parametrize(
    ("version", "code"),
    [(None, "MissingApiVersionParameter"), ("", "MissingApiVersionParameter"), ("2021-3-1", "InvalidApiVersionParameter")],
)
def test_an_api_version_that_is_missing_or_malformed(scene: Scene, version: str | None, code: str) -> None:
    answer = scene.east.send("GET", LOCAL, version=version)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    "version", ["2021-03-01", "2021-11-01", "2023-04-02", "2024-03-02", "2025-01-02", "2026-03-02", "2026-04-01", "2031-12-31-preview"]
)
def test_every_api_version_that_any_client_sends_is_accepted(scene: Scene, version: str) -> None:
    assert scene.east.send("GET", LOCAL, version=version).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code", "target"),
    [
        ({"properties": {"consistencyMode": "ApplicationConsistent"}}, 400, "InvalidParameter", "properties.consistencyMode"),
        ({"properties": {"excludeDisks": [{"id": compute("disks", "none")}]}}, 400, "InvalidParameter", "properties.excludeDisks"),
    ],
)
def test_illegal_input_is_a_400_with_its_json_path(scene: Scene, body: dict[str, object], status: int, code: str, target: str) -> None:
    answer = scene.east.send("PUT", f"{LOCAL}/restorePoints/rp1", body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (status, code, target)


def test_excluding_disks_from_a_copy_is_a_400(scene: Scene) -> None:
    scene.finish()
    body = copy_body(f"{LOCAL}/restorePoints/rp1")
    answer = scene.west.send("PUT", f"{COPIES}/restorePoints/x", {"properties": {**dict_of(body), "excludeDisks": [{"id": LOCAL}]}})
    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "properties.excludeDisks")


def dict_of(body: object) -> dict[str, object]:
    assert isinstance(body, dict)
    return dict(body["properties"])


def test_a_source_that_does_not_exist_is_a_404_with_its_json_path(scene: Scene) -> None:
    answer = scene.west.send("PUT", f"{COPIES}/restorePoints/x", copy_body(f"{LOCAL}/restorePoints/none"))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (404, "NotFound", "properties.sourceRestorePoint.id")


def test_a_source_of_another_collection_is_a_400(scene: Scene) -> None:
    answer = scene.west.send("PUT", f"{COPIES}/restorePoints/x", copy_body(f"{LOCAL}-other/restorePoints/rp1"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameter")


def test_a_refused_token_is_a_401_with_a_challenge(scene: Scene) -> None:
    answer = scene.east.send("GET", LOCAL, headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert 'error="insufficient_claims"' not in answer.headers["www-authenticate"]
