"""``farpoint activity``: the logs of all regions as one, newest first."""

from tests.unit.cli.region_stub import Farpoint, RegionStub, Reply

Regions = dict[str, RegionStub]
PATH = "/providers/Microsoft.Insights/eventtypes/management/values"


def event(region: str, time: str, *, code: str = "", correlation: str = "") -> dict[str, object]:
    return {
        "eventTimestamp": time,
        "correlationId": correlation,
        "claims": {"appid": "ci"},
        "httpRequest": {"clientIpAddress": "10.0.0.7"},
        "operationName": {"value": "Microsoft.Compute/disks/write"},
        "resourceId": "/subscriptions/s/resourceGroups/default/providers/Microsoft.Compute/disks/os",
        "status": {"value": "Failed" if code else "Succeeded"},
        "properties": {"errorCode": code},
        "farpoint": {"region": region},
    }


def log(region: RegionStub, *events: dict[str, object]) -> None:
    region.say("GET", f"{region.subscription}{PATH}", Reply(status=200, body={"value": list(events)}))


def test_events_of_all_regions_are_shown_newest_first(regions: Regions, farpoint: Farpoint) -> None:
    log(regions["eastus"], event("eastus", "2026-01-01T12:00:00+00:00", correlation="1"))
    log(regions["westus"], event("westus", "2026-01-01T12:00:01+00:00", code="Conflict", correlation="2"))
    lines = farpoint("activity").out.splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["westus", "eastus"]
    assert "ci" in lines[1]
    assert "10.0.0.7" in lines[1]
    assert "disks/os" in lines[1]
    assert lines[1].endswith("Failed: Conflict")
    assert len(farpoint("activity", "-o", "json").rows()) == 2


def test_a_request_that_one_region_handed_to_another_is_shown_once(regions: Regions, farpoint: Farpoint) -> None:
    for name in ("eastus", "westus"):
        log(regions[name], event(name, "2026-01-01T12:00:00+00:00", correlation="1"))
    assert len(farpoint("activity", "-o", "json").rows()) == 1


def test_the_group_and_the_time_are_asked_for(regions: Regions, farpoint: Farpoint) -> None:
    for region in regions.values():
        log(region)
    farpoint("activity", "-g", "web", "--region", "eastus")
    farpoint("activity", "--all-groups", "--region", "eastus", "--hours", "1")
    one_group, all_groups = (seen.query["$filter"] for seen in regions["eastus"].asked("GET"))
    assert one_group.endswith(" and resourceGroupName eq 'web'")
    assert "resourceGroupName" not in all_groups
    assert regions["westus"].asked("GET") == []
