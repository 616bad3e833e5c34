"""Who answers what: a decision from the path and what is known, without asking anybody."""

import pytest

from farpoint.services.routing import Known, choose_region, target_of

S = "/subscriptions/s"
C = f"{S}/resourcegroups/g/providers/microsoft.compute"


def known(**facts: object) -> Known:
    return Known(**{"own": "westus", "peers": ("eastus", "northus"), **facts})  # type: ignore[arg-type] # facts of a test


@pytest.mark.parametrize(
    ("path", "resource", "tail", "is_top_level"),
    [
        (f"{C}/disks/d", "disks/d", "", True),
        (f"{C}/disks/d/beginGetAccess", "disks/d", "beginGetAccess", False),
        (f"{C}/restorepointcollections/c/restorepoints/p", "restorePointCollections/c/restorePoints/p", "", False),
        (
            f"{C}/restorepointcollections/c/restorepoints/p/diskrestorepoints",
            "restorePointCollections/c/restorePoints/p",
            "diskrestorepoints",
            False,
        ),
    ],
)
def test_a_path_names_a_resource(path: str, resource: str, tail: str, is_top_level: bool) -> None:
    target = target_of(path)
    assert target is not None
    assert str(target.resource).endswith(f"/Microsoft.Compute/{resource}")
    assert (target.tail, target.is_top_level, target.region) == (tail, is_top_level, "")


@pytest.mark.parametrize(
    "path", [f"{S}/providers/microsoft.compute/locations/eastus/operations/1", f"{S}/providers/farpoint/regions/eastus"]
)
def test_a_path_names_a_region(path: str) -> None:
    target = target_of(path)
    assert target is not None
    assert (target.region, target.resource) == ("eastus", None)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/metadata/endpoints",
        S,
        f"{S}/resourcegroups/g",
        f"{C}/disks",
        f"{S}/providers/microsoft.compute/disks",
        f"{S}/resourcegroups/g/providers/microsoft.resources/deployments/d",
        f"{C}//d/x",
        f"{S}/locations",
        f"{S}/providers/farpoint/regions",
    ],
)
def test_everything_else_is_answered_by_whoever_is_asked(path: str) -> None:
    assert target_of(path) is None


@pytest.mark.parametrize(
    ("method", "facts", "region"),
    [
        ("GET", {}, None),
        ("GET", {"is_here": True}, "westus"),
        ("GET", {"is_here": True, "elsewhere": ("eastus",)}, "westus"),
        ("GET", {"elsewhere": ("northus", "eastus")}, "northus"),
        ("PUT", {"location": "East US"}, "eastus"),
        ("PUT", {"location": "westus", "elsewhere": ("eastus",)}, "westus"),
        ("PUT", {"location": "eastus", "is_here": True}, "eastus"),
        ("PUT", {"location": "moon", "elsewhere": ("eastus",)}, "eastus"),
        ("PUT", {"location": "moon"}, None),
        ("DELETE", {"location": "eastus", "is_here": True}, "westus"),
    ],
)
def test_the_location_of_a_put_decides_then_who_has_it(method: str, facts: dict[str, object], region: str | None) -> None:
    target = target_of(f"{C}/disks/d")
    assert target is not None
    assert choose_region(target, method, known(**facts)) == region


def test_what_is_below_a_resource_is_where_it_is_whatever_its_body_says() -> None:
    target = target_of(f"{C}/restorepointcollections/c/restorepoints/p")
    assert target is not None
    assert choose_region(target, "PUT", known(location="northus", elsewhere=("eastus",))) == "eastus"


@pytest.mark.parametrize(("name", "region"), [("eastus", "eastus"), ("WestUS", "westus"), ("moon", None)])
def test_a_named_region_answers(name: str, region: str | None) -> None:
    target = target_of(f"{S}/providers/microsoft.compute/locations/{name}/operations/1")
    assert target is not None
    assert choose_region(target, "GET", known()) == region
