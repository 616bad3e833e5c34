"""Deployments put each literal resource of a template; networks are kept as given."""

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.testing.arm_region import SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/default"
NIC = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"
DEPLOYMENT = f"{GROUP}/providers/Microsoft.Resources/deployments/d1"


def resource(kind: str, name: str, properties: dict[str, object]) -> dict[str, object]:
    return {"type": kind, "name": name, "apiVersion": "2024-11-01", "location": "eastus", "dependsOn": ["x"], "properties": properties}


def vm_resource(disk: str) -> dict[str, object]:
    profile = {"osDisk": {"createOption": "Attach", "osType": "Linux", "managedDisk": {"id": disk}}}
    properties = {"storageProfile": profile, "networkProfile": {"networkInterfaces": [{"id": NIC}]}}
    return resource("Microsoft.Compute/virtualMachines", "web", properties)


def deploy(arm: Arm, *resources: dict[str, object], mode: str = "incremental") -> httpx.Response:
    body = {"properties": {"mode": mode, "parameters": {}, "template": {"contentVersion": "1.0.0.0", "resources": list(resources)}}}
    return arm.send("PUT", DEPLOYMENT, body)


def test_a_template_is_deployed_resource_by_resource(east: Arm) -> None:
    nic = resource("Microsoft.Network/networkInterfaces", "nic", {"ipConfigurations": []})
    answer = deploy(east, nic, vm_resource(east.attach("os")))
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Succeeded")
    assert answer.json()["properties"]["outputResources"] == [{"id": NIC}, {"id": compute("virtualMachines", "web")}]
    assert east.send("GET", DEPLOYMENT).json() == answer.json()
    assert [row["name"] for row in east.send("GET", f"{GROUP}/providers/Microsoft.Resources/deployments/").json()["value"]] == ["d1"]
    vm = east.send("GET", compute("virtualMachines", "web")).json()
    assert vm["properties"]["networkProfile"] == {"networkInterfaces": [{"id": NIC}]}
    assert east.send("GET", NIC).json()["properties"] == {"provisioningState": "Succeeded", "ipConfigurations": []}
    assert east.send("DELETE", DEPLOYMENT).status_code == 204
    assert east.send("GET", DEPLOYMENT).status_code == 404
    assert east.send("GET", compute("virtualMachines", "web")).status_code == 200


def test_the_first_refusal_of_a_resource_is_the_answer(east: Arm) -> None:
    answer = deploy(east, vm_resource(compute("disks", "none")))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert east.send("GET", DEPLOYMENT).status_code == 404


def test_each_resource_is_put_as_the_caller(east: Arm) -> None:
    nic = resource("Microsoft.Network/networkInterfaces", "nic", {})
    answer = east.send("PUT", DEPLOYMENT, {"properties": {"template": {"resources": [nic]}}}, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401
    assert east.send("GET", NIC).status_code == 404


@pytest.mark.parametrize(
    ("given", "target"),
    [
        (resource("Microsoft.Web/sites", "s", {}), "properties.template.resources[0].type"),
        (resource("Microsoft.Network/networkInterfaces", "[parameters('n')]", {}), "properties.template.resources[0].name"),
        (
            resource("Microsoft.Network/networkInterfaces", "n", {"a": [{"id": "[resourceId('x')]"}]}),
            "properties.template.resources[0].properties.a[0].id",
        ),
    ],
)
def test_what_would_need_a_template_engine_is_refused_before_anything_is_done(east: Arm, given: dict[str, object], target: str) -> None:
    answer = deploy(east, resource("Microsoft.Network/networkInterfaces", "nic", {}), given)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidTemplate")
    assert answer.json()["error"]["target"] == target.replace("[0]", "[1]", 1)
    assert east.send("GET", NIC).status_code == 404


def test_a_complete_deployment_is_refused(east: Arm) -> None:
    assert deploy(east, mode="Complete").json()["error"]["code"] == "InvalidTemplate"


def test_a_template_can_be_validated_without_doing_it(east: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": {"resources": [resource("Microsoft.Network/networkInterfaces", "nic", {})]}}}
    answer = east.send("POST", f"{DEPLOYMENT}/validate", body)
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (200, "Succeeded")
    assert east.send("GET", NIC).status_code == 404


@pytest.mark.parametrize("kind", ["virtualNetworks", "networkInterfaces", "networkSecurityGroups", "publicIPAddresses"])
def test_networks_and_their_like_are_kept_as_given(east: Arm, kind: str) -> None:
    path = f"{GROUP}/providers/Microsoft.Network/{kind}/n1"
    properties = {"anything": [1, {"b": "c"}]}
    answer = east.send("PUT", path.lower(), {"location": "eastus", "tags": {"a": "b"}, "properties": properties})
    assert answer.status_code == 201
    assert answer.json() == {
        "name": "n1",
        "id": path,
        "type": f"Microsoft.Network/{kind}",
        "location": "eastus",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded", **properties},
    }
    assert east.send("PUT", path, {"location": "eastus", "properties": {}}).status_code == 200
    assert east.send("PATCH", path, {"tags": {"c": "d"}}).json()["tags"] == {"c": "d"}
    shown = east.send("GET", path).json()
    for listed in (path.rpartition("/")[0], path.replace("/resourceGroups/default", "").rpartition("/")[0]):
        assert east.send("GET", listed).json()["value"] == [shown]
    assert [east.send("DELETE", path).status_code for _ in range(2)] == [200, 204]
    assert east.send("GET", path).json()["error"]["code"] == "ResourceNotFound"


def test_other_networking_is_not_there(east: Arm) -> None:
    assert east.send("GET", f"{GROUP}/providers/Microsoft.Network/loadBalancers/l").json()["error"]["code"] == "NotFound"
