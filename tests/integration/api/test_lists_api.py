"""Pages of lists, and lists of all resources whatever their type."""

from collections.abc import Iterator

import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.api.paging import PAGE_BYTES_MAX
from farpoint.testing.arm_region import SUBSCRIPTION
from farpoint.units import MIB

SUB = f"/subscriptions/{SUBSCRIPTION}"
EVERYWHERE = f"{SUB}/providers/Microsoft.Compute/disks"


def pages(arm: Arm, path: str, *, top: str) -> Iterator[list[str]]:
    """Follow the pages of a list; yield the names on each."""
    answer = arm.send("GET", path, top=top)
    while True:
        assert answer.status_code == 200, answer.text
        yield [row["name"] for row in answer.json()["value"]]
        link = answer.json().get("nextLink")
        if link is None:
            return
        answer = arm.send("GET", link)


def two_at_a_time(arm: Arm, path: str) -> list[list[str]]:
    return list(pages(arm, path, top="2"))


@pytest.fixture
def disks(east: Arm, west: Arm) -> None:
    """Make five disks, in turns here and there."""
    for number, arm in enumerate((east, west, east, west, east)):
        arm.attach(f"disk{number}")
    east.region.follow()
    west.region.follow()


@pytest.mark.usefixtures("disks")
def test_a_list_goes_by_pages_over_all_regions_in_one_order(east: Arm, west: Arm) -> None:
    for arm in (east, west):
        for path in (EVERYWHERE, compute("disks")):
            assert two_at_a_time(arm, path) == [["disk0", "disk1"], ["disk2", "disk3"], ["disk4"]]


@pytest.mark.usefixtures("disks")
def test_the_next_link_is_absolute_at_the_asked_endpoint_with_the_callers_version(west: Arm) -> None:
    link = west.send("GET", EVERYWHERE, version="2025-01-02", top="2").json()["nextLink"]
    assert link.startswith("https://westus.test:8443/subscriptions/")
    assert "api-version=2025-01-02" in link
    assert "$skiptoken=" in link


@pytest.mark.usefixtures("disks")
def test_what_is_made_or_deleted_between_two_pages_hides_and_repeats_nothing(east: Arm) -> None:
    first = east.send("GET", EVERYWHERE, top="2").json()
    east.attach("disk00")
    east.send("DELETE", compute("disks", "disk0"))
    second = east.send("GET", first["nextLink"]).json()
    assert [row["name"] for row in second["value"]] == ["disk2", "disk3"]


def test_a_list_that_fits_has_no_next_link(east: Arm) -> None:
    for number in range(2):
        east.attach(f"disk{number}")
    assert two_at_a_time(east, EVERYWHERE) == [["disk0", "disk1"]]


def test_a_page_ends_early_where_its_elements_are_large(east: Arm) -> None:
    text = "x" * (3 << 19)
    for number in range(5):
        path = f"{SUB}/resourceGroups/default/providers/Microsoft.Network/networkInterfaces/nic{number}"
        assert east.send("PUT", path, {"location": "eastus", "properties": {"note": text}}).status_code == 201
    path = f"{SUB}/providers/Microsoft.Network/networkInterfaces"
    assert list(pages(east, path, top="3")) == [["nic0", "nic1"], ["nic2", "nic3"], ["nic4"]]


def test_an_element_larger_than_a_page_is_a_page(east: Arm) -> None:
    text = "x" * (4 * MIB - 300)
    for number in range(2):
        path = f"{SUB}/resourceGroups/default/providers/Microsoft.Network/networkInterfaces/nic{number}"
        assert east.send("PUT", path, {"location": "eastus", "properties": {"note": text}}).status_code == 201
    path = f"{SUB}/providers/Microsoft.Network/networkInterfaces"
    assert len(east.send("GET", path, top="1").content) > PAGE_BYTES_MAX
    assert list(pages(east, path, top="5")) == [["nic0"], ["nic1"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("$top", "0"),
        ("$top", "1001"),
        ("$top", "9" * 5000),
        ("$top", "many"),
        ("$top", "-1"),
        ("$skiptoken", "x"),
        ("$skiptoken", "WyJhIl0"),
        ("$skiptoken", "bnVsbA"),
    ],
)
def test_what_is_no_page_is_refused(east: Arm, name: str, value: str) -> None:
    answer = east.send("GET", f"{EVERYWHERE}?{name}={value}")
    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["target"]) == (400, "InvalidParameter", name)


def test_groups_go_by_pages(east: Arm) -> None:
    for name in ("b", "a", "c"):
        east.send("PUT", f"{SUB}/resourceGroups/{name}", {"location": "eastus"})
    assert two_at_a_time(east, f"{SUB}/resourcegroups") == [["a", "b"], ["c", "default"]]


def test_groups_are_found_by_tag(east: Arm) -> None:
    east.send("PUT", f"{SUB}/resourceGroups/a", {"location": "eastus", "tags": {"Team": "blue"}})
    east.send("PUT", f"{SUB}/resourceGroups/b", {"location": "eastus", "tags": {"team": "it's red"}})

    def found(text: str) -> list[str]:
        return [row["name"] for row in east.send("GET", f"{SUB}/resourcegroups", filter=text).json()["value"]]

    assert found("tagName eq 'team'") == ["a", "b"]
    assert found("tagName eq 'team' and tagValue eq 'blue'") == ["a"]
    assert found("tagname eq 'TEAM' and tagvalue eq 'it''s red'") == ["b"]


# All resources.


@pytest.fixture
def furnished(east: Arm, west: Arm) -> Arm:
    """Make a VM with its disk and a collection in the east, a disk in the west; ask in the west."""
    vm = east.add_vm("web", os_disk=east.attach("os"))
    east.add_collection("web", source=vm)
    west.attach("data")
    west.region.follow()
    return west


def test_all_resources_are_listed_type_by_type(furnished: Arm) -> None:
    rows = furnished.send("GET", f"{SUB}/resources").json()["value"]
    assert [(row["type"], row["name"], row["location"]) for row in rows] == [
        ("Microsoft.Compute/disks", "data", "westus"),
        ("Microsoft.Compute/disks", "os", "eastus"),
        ("Microsoft.Compute/restorePointCollections", "web", "eastus"),
        ("Microsoft.Compute/virtualMachines", "web", "eastus"),
    ]
    assert "properties" not in rows[0]
    assert rows[1]["farpoint"]["replica"]["region"] == "eastus"
    assert rows[1]["managedBy"] == compute("virtualMachines", "web")
    assert furnished.send("GET", f"{SUB}/resourceGroups/default/resources").json()["value"] == rows


def test_snapshots_and_networks_are_among_all_resources(furnished: Arm, east: Arm) -> None:
    snapshot = {"creationData": {"createOption": "Copy", "sourceResourceId": compute("disks", "os")}}
    assert east.send("PUT", compute("snapshots", "s"), {"location": "eastus", "properties": snapshot}).status_code == 202
    network = f"{SUB}/resourceGroups/default/providers/Microsoft.Network/virtualNetworks/n"
    assert east.send("PUT", network, {"location": "eastus"}).status_code == 201
    furnished.region.follow()
    for arm in (furnished, east):
        names = {row["type"]: row["name"] for row in arm.send("GET", f"{SUB}/resources").json()["value"]}
        assert (names["Microsoft.Compute/snapshots"], names["Microsoft.Network/virtualNetworks"]) == ("s", "n")


def test_all_resources_go_by_pages(furnished: Arm) -> None:
    assert two_at_a_time(furnished, f"{SUB}/resources") == [["data", "os"], ["web", "web"]]
    assert list(pages(furnished, f"{SUB}/resources", top="3")) == [["data", "os", "web"], ["web"]]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("resourceType eq 'microsoft.compute/DISKS'", ["data", "os"]),
        ("name eq 'web'", ["web", "web"]),
        ("name eq 'web' and resourceType eq 'Microsoft.Compute/virtualMachines'", ["web"]),
        ("location eq 'East US'", ["os", "web", "web"]),
        ("resourceGroup eq 'default' and name eq 'data'", ["data"]),
        ("tagName eq 'none'", []),
        ("resourceType eq 'Microsoft.Network/virtualNetworks'", []),
    ],
)
def test_resources_are_filtered(furnished: Arm, text: str, names: list[str]) -> None:
    rows = furnished.send("GET", f"{SUB}/resources", filter=text).json()["value"]
    assert [row["name"] for row in rows] == names


@pytest.mark.parametrize("text", ["name", "colour eq 'red'", "name eq 'a' or name eq 'b'", "substringof('a', name)"])
def test_a_filter_that_is_not_understood_is_refused(east: Arm, text: str) -> None:
    answer = east.send("GET", f"{SUB}/resources", filter=text)
    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "$filter")
    assert "Filter by FIELD eq 'VALUE' with one of resourceType, name, location" in answer.json()["error"]["message"]


def test_times_and_state_are_shown_when_asked_for(furnished: Arm) -> None:
    expand = "createdTime,changedTime,provisioningState"
    row = furnished.send("GET", f"{SUB}/resources", expand=expand).json()["value"][0]
    assert (row["createdTime"], row["changedTime"], row["provisioningState"]) == (*["2026-11-01T00:00:00+00:00"] * 2, "Succeeded")
    collection = furnished.send("GET", f"{SUB}/resources", expand=expand, filter="name eq 'web'").json()["value"][0]
    assert (collection["type"], collection["createdTime"]) == ("Microsoft.Compute/restorePointCollections", "2026-11-01T00:00:00+00:00")
    assert furnished.send("GET", f"{SUB}/resources", expand="plan").status_code == 400
