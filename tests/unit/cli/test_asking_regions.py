"""Any region answers for all: a command asks the first that does, and those that are down are skipped with a warning."""

import socket

import pytest
from tests.unit.cli.region_stub import Farpoint, RegionStub, Reply, take_down

from farpoint.cli import connection

Regions = dict[str, RegionStub]


def test_a_resource_is_found_in_whichever_region_has_it(regions: Regions, farpoint: Farpoint) -> None:
    vm = regions["westus"].add(regions["westus"].path("virtualMachines", "web01"), {"properties": {}})
    outcome = farpoint("vm", "show", "web01", "-o", "json")
    assert (outcome.exit, outcome.json()) == (0, vm)


def test_a_list_joins_the_regions(regions: Regions, farpoint: Farpoint) -> None:
    for name, stub in regions.items():
        stub.add(stub.path("virtualMachines", f"vm-{name}"), {"properties": {}})
    outcome = farpoint("vm", "list", "-o", "json")
    assert [one["name"] for one in outcome.rows()] == ["vm-eastus", "vm-westus"]


def test_a_list_shows_what_each_region_says_of_its_own(regions: Regions, farpoint: Farpoint) -> None:
    path = regions["westus"].path("disks", "os")
    regions["westus"].add(path, {"properties": {"provisioningState": "Succeeded"}})
    # As the other heard of it a moment ago.
    regions["eastus"].add(path, {"location": "westus", "properties": {"provisioningState": "Updating"}})
    outcome = farpoint("disk", "list", "-o", "json")
    assert [one["properties"] for one in outcome.rows()] == [{"provisioningState": "Succeeded"}]


def test_a_region_that_is_down_is_skipped_with_a_warning_on_stderr(regions: Regions, farpoint: Farpoint) -> None:
    regions["westus"].add(regions["westus"].path("virtualMachines", "web01"), {"properties": {}})
    take_down(regions["eastus"])
    outcome = farpoint("vm", "list", "-o", "json")
    assert outcome.exit == 0
    assert [one["name"] for one in outcome.rows()] == ["web01"]
    assert "warning: skipped: eastus" in outcome.err


def test_what_no_region_has_is_not_found(regions: Regions, farpoint: Farpoint) -> None:
    outcome = farpoint("vm", "show", "nothing")
    assert (outcome.exit, outcome.out) == (3, "")
    assert "virtual machine nothing was not found" in outcome.err


def test_what_a_living_region_does_not_know_is_not_found_though_another_is_down(regions: Regions, farpoint: Farpoint) -> None:
    take_down(regions["eastus"])
    outcome = farpoint("vm", "show", "nothing")
    assert outcome.exit == 3
    assert "warning: skipped: eastus" in outcome.err


def test_what_a_silent_region_has_is_listed_with_a_warning_of_its_age(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    replica = {"region": "westus", "asOf": "2026-01-01T00:00:00+00:00", "ageSeconds": 90}
    east.add(east.path("virtualMachines", "web01"), {"location": "westus", "properties": {"farpoint": {"replica": replica}}})
    outcome = farpoint("vm", "list", "-o", "json")
    assert [one["name"] for one in outcome.rows()] == ["web01"]
    assert "westus does not answer; what it has is shown as it was 90 s ago" in outcome.err


def test_when_all_regions_are_down_a_list_fails(regions: Regions, farpoint: Farpoint) -> None:
    for stub in regions.values():
        take_down(stub)
    assert farpoint("vm", "list").exit == 4
    outcome = farpoint("region", "list")
    assert (outcome.exit, outcome.out.count("unreachable")) == (4, 2)


def test_a_name_in_two_regions_needs_a_region(regions: Regions, farpoint: Farpoint) -> None:
    for stub in regions.values():
        stub.add(stub.path("virtualMachines", "web01"), {"properties": {"farpoint": {"nameConflict": ["eastus", "westus"]}}})
    refused = farpoint("vm", "show", "web01")
    assert (refused.exit, "exists in eastus, westus: say which with --region" in refused.err) == (2, True)
    outcome = farpoint("vm", "show", "web01", "--region", "westus", "-o", "json")
    assert outcome.row()["location"] == "westus"


def test_an_unknown_region_is_a_usage_error_that_names_the_known_ones(regions: Regions, farpoint: Farpoint) -> None:
    outcome = farpoint("vm", "list", "--region", "northpole")
    assert outcome.exit == 2
    assert "eastus, westus" in outcome.err


def test_an_expired_token_is_renewed_once(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    expired = Reply(status=401, body={"error": {"code": "ExpiredAuthenticationToken", "message": "expired"}})
    east.say("GET", east.path("virtualMachines"), expired, Reply(status=200, body={"value": []}))
    assert farpoint("vm", "list", "--region", "eastus").exit == 0
    assert east.tokens == 2


def test_refused_credentials_are_a_usage_error(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    east.login = Reply(status=401, body={"error": "invalid_client", "error_description": "the secret is wrong"})
    outcome = farpoint("vm", "list", "--region", "eastus")
    assert outcome.exit == 2
    assert "the secret is wrong" in outcome.err


def test_a_busy_region_is_asked_again(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    busy = Reply(status=503, body={"error": {"code": "DatabaseBusy", "message": "busy"}}, headers={"Retry-After": "0"})
    east.say("GET", east.path("virtualMachines"), busy, busy, Reply(status=200, body={"value": []}))
    assert farpoint("vm", "list", "--region", "eastus").exit == 0


@pytest.mark.parametrize(("status", "code"), [(503, "PeerUnavailable"), (400, "PeerUntrusted")])
def test_a_region_without_its_peer_counts_as_unreachable(regions: Regions, farpoint: Farpoint, status: int, code: str) -> None:
    silent = Reply(status=status, body={"error": {"code": code, "message": "northus does not answer"}})
    for stub in regions.values():
        stub.say("GET", stub.path("virtualMachines"), silent)
    assert farpoint("vm", "list", "--region", "eastus").exit == 4


def test_a_certificate_of_another_authority_is_not_trusted(regions: Regions, farpoint: Farpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FARPOINT_CA_FILE")
    outcome = farpoint("vm", "list", "--region", "eastus")
    assert outcome.exit == 4
    assert "FARPOINT_CA_FILE does not vouch for" in outcome.err


def test_pages_of_a_list_are_followed_at_the_configured_endpoint(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    first, second = east.path("virtualMachines"), east.path("virtualMachines-2")
    east.say(
        "GET",
        first,
        Reply(status=200, body={"value": [{"name": "a", "location": "eastus"}], "nextLink": f"https://elsewhere.invalid{second}?x=1"}),
    )
    east.say("GET", second, Reply(status=200, body={"value": [{"name": "b", "location": "eastus"}]}))
    outcome = farpoint("vm", "list", "--region", "eastus", "-o", "json")
    assert [one["name"] for one in outcome.rows()] == ["a", "b"]


def test_region_list_tells_which_answer(regions: Regions, farpoint: Farpoint) -> None:
    for stub in regions.values():
        stub.add(f"{stub.subscription}/locations/{stub.name}", {"name": stub.name})
    take_down(regions["westus"])
    outcome = farpoint("region", "list")
    assert outcome.exit == 0
    states = {line.split()[0]: line.split()[1] for line in outcome.out.splitlines()[1:]}
    assert states == {"eastus": "up", "westus": "unreachable"}


def test_region_show_prints_the_location(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    for name in ("eastus", "westus"):
        east.add(f"{east.subscription}/locations/{name}", {"name": name})
    outcome = farpoint("region", "show", "eastus", "-o", "json")
    assert outcome.row()["name"] == "eastus"


def test_a_region_that_hangs_is_waited_for_once(regions: Regions, farpoint: Farpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    west = regions["westus"]
    west.add(west.path("virtualMachines", "web01"), {"properties": {}})
    # It takes connections and says nothing, as a stopped process does.
    with socket.create_server(("127.0.0.1", 0)) as hung:
        monkeypatch.setenv("FARPOINT_ENDPOINT_EASTUS", f"https://127.0.0.1:{hung.getsockname()[1]}")
        monkeypatch.setattr(connection, "_CONNECT_SECONDS", 0.5)
        # It asks for the collection, then for the VM.
        assert farpoint("point", "create", "web01/rp1").exit == 0
        # Connections that nobody accepts are kept until somebody does.
        hung.setblocking(False)
        hung.accept()[0].close()
        with pytest.raises(BlockingIOError):
            hung.accept()


def test_a_region_that_is_not_well_does_not_stop_the_others(regions: Regions, farpoint: Farpoint) -> None:
    east, west = regions["eastus"], regions["westus"]
    east.say("GET", east.path("virtualMachines", "web01"), Reply(status=500, body={"error": {"code": "InternalError", "message": "x"}}))
    west.add(west.path("virtualMachines", "web01"), {"properties": {}})
    outcome = farpoint("vm", "show", "web01")
    assert outcome.exit == 0
    assert "warning: skipped: InternalError: x [eastus]" in outcome.err


@pytest.mark.parametrize("command", [("vm", "list"), ("disk", "list"), ("collection", "list"), ("point", "list")])
def test_a_list_of_a_group_that_nobody_knows_fails_with_the_regions_words(
    regions: Regions, farpoint: Farpoint, command: tuple[str, str]
) -> None:
    missing = Reply(status=404, body={"error": {"code": "ResourceGroupNotFound", "message": "Resource group 'none' could not be found."}})
    east = regions["eastus"]
    for kind in ("virtualMachines", "disks", "restorePointCollections"):
        east.say("GET", east.path(kind).replace("/default/", "/none/"), missing)
    outcome = farpoint(*command, "-g", "none", "--region", "eastus")
    assert (outcome.exit, outcome.out) == (3, "")
    assert "ResourceGroupNotFound: Resource group 'none' could not be found." in outcome.err
