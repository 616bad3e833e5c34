"""The activity log: who asked to change what, from where, and what came of it."""

import asyncio
import logging
from datetime import timedelta
from typing import cast

import httpx
import pytest
from attrs import evolve
from tests.integration.api.arm_client import API_VERSION, Arm, compute

from farpoint.api.throttles import Rates
from farpoint.errors import Code, UnavailableError
from farpoint.metadata import activity
from farpoint.testing.arm_region import CLIENT, OTHER_CLIENT, SUBSCRIPTION

S = f"/subscriptions/{SUBSCRIPTION}"
LOG = f"{S}/providers/Microsoft.Insights/eventtypes/management/values"
Event = dict[str, dict[str, str]]


def events(arm: Arm, query: str = "") -> list[Event]:
    answer = arm.send("GET", LOG, filter=query, version="2015-04-01")
    assert answer.status_code == 200, answer.text
    return cast("list[Event]", answer.json()["value"])


def outcomes(arm: Arm, query: str = "") -> list[tuple[str, str, str]]:
    """Return (operation, status, error code) of each event, newest first."""
    return [(one["operationName"]["value"], one["status"]["value"], one["properties"]["errorCode"]) for one in events(arm, query)]


def test_writes_are_logged_with_their_outcome_and_reads_are_not(east: Arm) -> None:
    collection = east.add_collection("web", source=east.add_vm("web", os_disk=east.attach("os")))
    started = east.send("PUT", f"{collection}/restorePoints/rp1", {})
    east.send("GET", collection)
    east.send("PUT", f"{collection}/restorePoints/rp1", {"properties": {"consistencyMode": "X"}})
    east.send("DELETE", compute("disks", "os"))
    east.send("DELETE", collection)
    assert outcomes(east) == [
        ("Microsoft.Compute/restorePointCollections/delete", "Accepted", ""),
        ("Microsoft.Compute/disks/delete", "Failed", "OperationNotAllowed"),
        ("Microsoft.Compute/restorePointCollections/restorePoints/write", "Failed", "InvalidParameter"),
        ("Microsoft.Compute/restorePointCollections/restorePoints/write", "Accepted", ""),
        ("Microsoft.Compute/restorePointCollections/write", "Succeeded", ""),
        ("Microsoft.Compute/virtualMachines/write", "Succeeded", ""),
        ("Microsoft.Compute/disks/write", "Succeeded", ""),
    ]
    assert [str(one["operationId"]) for one in events(east)][3] == started.headers["x-ms-request-id"]


def test_an_event_says_who_did_what_when_from_where(east: Arm) -> None:
    correlation = "11111111-2222-4333-8444-555555555555"
    headers = {"x-ms-correlation-request-id": correlation, "x-ms-client-request-id": "mine"}
    answer = east.send("PUT", f"{S}/resourcegroups/New", {"location": "eastus"}, headers=headers)
    (event,) = events(east)
    assert event["authorization"] == {
        "action": "Microsoft.Resources/subscriptions/resourceGroups/write",
        "scope": f"{S}/resourceGroups/New",
    }
    assert event["httpRequest"] == {"clientRequestId": "mine", "clientIpAddress": "127.0.0.1", "method": "PUT"}
    assert [str(event[name]) for name in ("caller", "correlationId", "resourceGroupName")] == [CLIENT, correlation, "New"]
    assert event["subStatus"] == {"value": "Created", "localizedValue": "Created (HTTP Status Code: 201)"}
    assert event["properties"]["requestId"] == answer.headers["x-ms-request-id"]
    assert str(event["eventTimestamp"]).startswith("2026-11-01T00:00:00")
    assert event["farpoint"] == {"region": "eastus", "statusCode": 201}


def test_refusals_are_logged_with_whose_they_were_as_far_as_that_is_known(east: Arm) -> None:
    token, _ = east.region.issuer.issue(OTHER_CLIENT)
    Arm(east.region, east.app, token).send("PUT", compute("disks", "d"), {})
    Arm(east.region, east.app, "nonsense").send("PUT", compute("disks", "d"), {})
    # Nobody looks at the token where there is nothing to ask for, so that is nobody's and not logged.
    east.send("PURGE", compute("disks", "d"))
    east.send("PUT", f"{S}/providers/Nothing/there/x", {})
    assert [(str(one["caller"]), one["properties"]["errorCode"]) for one in events(east)] == [
        (CLIENT, "MethodNotAllowed"),
        ("", "AuthenticationFailed"),
        (OTHER_CLIENT, "AuthorizationFailed"),
    ]


def test_the_log_is_asked_by_time_group_resource_provider_and_correlation(east: Arm) -> None:
    begin = east.region.clock.now()
    east.send("PUT", f"{S}/resourceGroups/one", {"location": "eastus"})
    east.region.clock.advance(60)
    east.attach("os")
    last = str(events(east)[0]["correlationId"])
    disk, group = "Microsoft.Compute/disks/write", "Microsoft.Resources/subscriptions/resourceGroups/write"
    later = (begin + timedelta(seconds=30)).isoformat()
    for query, expected in [
        (f"eventTimestamp ge '{later}'", [disk]),
        (f"eventTimestamp le '{later}' and eventChannels eq 'Admin, Operation'", [group]),
        ("resourceGroupName eq 'DEFAULT'", [disk]),
        (f"resourceUri eq '{compute('disks', 'OS')}'", [disk]),
        ("resourceProvider eq 'microsoft.resources'", [group]),
        (f"correlationId eq '{last}'", [disk]),
        (f"eventTimestamp ge '{begin.isoformat()}' and resourceGroupName eq 'none'", []),
    ]:
        assert [operation for operation, _, _ in outcomes(east, query)] == expected, query
    assert east.send("GET", LOG, filter="color eq 'red'").status_code == 400


def test_pages_follow_each_other_without_gap_or_repetition(east: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farpoint.api.routers.activity._PAGE_ENTRIES", 2)
    for number in range(5):
        east.send("DELETE", compute("disks", f"d{number}"))
    seen, answer = [], east.send("GET", LOG, filter="resourceGroupName eq 'default'")
    while True:
        seen += [str(one["resourceId"]).rpartition("/")[2] for one in answer.json()["value"]]
        if "nextLink" not in answer.json():
            break
        answer = east.send("GET", answer.json()["nextLink"])
    assert seen == ["d4", "d3", "d2", "d1", "d0"]
    assert east.send("GET", LOG, skiptoken="x").status_code == 400


def test_a_reader_of_a_group_sees_what_happened_there(east: Arm) -> None:
    east.send("PUT", f"{S}/resourceGroups/mine", {"location": "eastus"})
    east.attach("os")
    definition = f"{S}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    path = f"{S}/resourceGroups/mine/providers/Microsoft.Authorization/roleAssignments/{east.region.context.entropy.guid()}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": OTHER_CLIENT}}
    assert east.send("PUT", path, body).status_code == 201
    token, _ = east.region.issuer.issue(OTHER_CLIENT)
    reader = Arm(east.region, east.app, token)
    assert [operation.rpartition("/")[0] for operation, _, _ in outcomes(reader)] == [
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.Resources/subscriptions/resourceGroups",
    ]


def test_a_log_that_cannot_be_written_is_loud_and_does_not_undo_the_work(
    east: Arm, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_args: object, **_named: object) -> None:
        raise UnavailableError(Code.DATABASE_BUSY, "no room")

    monkeypatch.setattr(activity, "insert_activity", full)
    assert east.send("PUT", f"{S}/resourceGroups/new", {"location": "eastus"}).status_code == 201
    assert east.send("GET", f"{S}/resourceGroups/new").status_code == 200
    (record,) = [one for one in caplog.records if one.message == "activity_not_recorded"]
    assert record.levelno == logging.ERROR
    assert vars(record)["activity"]["action"] == "Microsoft.Resources/subscriptions/resourceGroups/write"


def test_an_unexpected_error_is_logged_too(east: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("farpoint.services.groups.put_group", broken)
    assert east.send("PUT", f"{S}/resourceGroups/new", {"location": "eastus"}).status_code == 500
    assert outcomes(east) == [("Microsoft.Resources/subscriptions/resourceGroups/write", "Failed", "InternalError")]


def test_the_log_keeps_the_newest_entries(east: Arm) -> None:
    east.region.context = evolve(east.region.context, activity_entries_max=3)
    east.app = east.region.app()
    for number in range(5):
        east.send("DELETE", compute("disks", f"d{number}"))
    assert [str(one["resourceId"]).rpartition("/")[2] for one in events(east)] == ["d4", "d3", "d2"]


def test_too_many_requests_are_refused_before_anything_starts_and_leave_no_trace(east: Arm) -> None:
    east.region.rates = Rates(reads_per_second=1, writes_per_second=1, failed_logins_per_minute=0)
    east.app = east.region.app()
    statuses = [east.send("PUT", f"{S}/resourceGroups/g{number}", {"location": "eastus"}) for number in range(3)]
    assert [answer.status_code for answer in statuses] == [201, 201, 429]
    assert statuses[2].json()["error"]["code"] == "TooManyRequests"
    assert statuses[2].headers["retry-after"] == "1"
    assert len(outcomes(east)) == 2
    assert east.send("GET", f"{S}/resourceGroups/g2").status_code == 404
    east.region.clock.advance(1)
    assert east.send("PUT", f"{S}/resourceGroups/g2", {"location": "eastus"}).status_code == 201


def test_what_nobody_asked_for_leaves_no_trace(east: Arm) -> None:
    """Unrouted paths are answered without looking at the token; a token that was good once is not throttled."""
    stranger = Arm(east.region, east.app, "nonsense")
    flood = f"{S}/resourceGroups/operations/providers/Microsoft.Compute/zzz"
    assert [stranger.send("POST", f"{flood}/flood{number}").status_code for number in range(3)] == [404] * 3
    east.region.clock.advance(2 * 3600)
    assert east.send("PUT", f"{S}/resourceGroups/g", {"location": "eastus"}).json()["error"]["code"] == "ExpiredAuthenticationToken"
    east.log_in()
    assert outcomes(east) == []


def test_wrong_secrets_and_tokens_count_together_and_good_tokens_stay_good(east: Arm) -> None:
    east.region.rates = Rates(reads_per_second=0, writes_per_second=0, failed_logins_per_minute=2)
    east.app = east.region.app()
    assert Arm(east.region, east.app, "nonsense").send("GET", S).status_code == 401
    assert log_in(east, "wrong").status_code == 401
    for refused in (log_in(east, "correct horse battery staple"), Arm(east.region, east.app, "nonsense").send("GET", S)):
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    assert east.send("GET", S).status_code == 200
    east.region.clock.advance(30)
    assert log_in(east, "correct horse battery staple").status_code == 200


def log_in(arm: Arm, secret: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=arm.app), base_url=arm.region.context.endpoint) as client:
            form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": secret}
            return await client.post(f"/{arm.region.context.tenant_id}/oauth2/v2.0/token", data=form, params={"api-version": API_VERSION})

    return asyncio.run(ask())


def test_an_expired_token_is_no_guess(east: Arm) -> None:
    east.region.rates = Rates(reads_per_second=0, writes_per_second=0, failed_logins_per_minute=1)
    east.app = east.region.app()
    east.region.clock.advance(2 * 3600)
    assert {east.send("GET", S).status_code for _ in range(3)} == {401}
    assert log_in(east, "correct horse battery staple").status_code == 200
