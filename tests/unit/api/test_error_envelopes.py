"""Every error of ours becomes ARM's envelope with a fitting status."""

import json

import pytest

from farpoint.api.errors import envelope, error_answer, status_of
from farpoint.errors import NOWHERE, Code, FarpointError, IntegrityError, OutOfSpaceError, Place, RefusedError, UnavailableError
from farpoint.model.arm_id import compute_id
from farpoint.services.refusals import entity_missing, resource_missing

DISK = compute_id(subscription="s", group="g", path=(("disks", "d"),))
POINT = compute_id(subscription="s", group="g", path=(("restorePointCollections", "c"), ("restorePoints", "p")))


def test_the_message_carries_place_and_hint_because_clients_show_nothing_else() -> None:
    error = RefusedError(
        Code.DISK_UNREADABLE, "cannot read.", hint="Repair it.", target="x.y", place=Place(disk="os", offset_bytes=0, length_bytes=512)
    )
    assert envelope(error) == {
        "error": {
            "code": "DiskUnreadable",
            "message": "cannot read (disk os, bytes 0-511). Repair it.",
            "target": "x.y",
            "farpoint": {"hint": "Repair it.", "disk": "os", "offsetBytes": 0, "lengthBytes": 512},
        }
    }


@pytest.mark.parametrize(
    ("message", "place", "hint", "line"),
    [
        ("it is locked", NOWHERE, "Ask again.", "it is locked. Ask again."),
        ("It is locked.", NOWHERE, "Ask again.", "It is locked. Ask again."),
        ("it is locked", Place(disk="os"), "Ask again.", "it is locked (disk os). Ask again."),
        ("it is locked", NOWHERE, "", "it is locked"),
        ("It is locked.", Place(disk="os"), "", "It is locked (disk os)."),
    ],
)
def test_a_hint_is_a_sentence_of_its_own(message: str, place: Place, hint: str, line: str) -> None:
    assert str(RefusedError(Code.DATABASE_BUSY, message, hint=hint, place=place)) == line


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RefusedError(Code.INVALID_PARAMETER, "m"), 400),
        (RefusedError(Code.DISK_OUTSIDE_POOLS, "m"), 400),
        (RefusedError(Code.EXPIRED_TOKEN, "m"), 401),
        (RefusedError(Code.SUBSCRIPTION_NOT_FOUND, "m"), 404),
        (RefusedError(Code.METHOD_NOT_ALLOWED, "m"), 405),
        (RefusedError(Code.CONFLICT, "m"), 409),
        (RefusedError(Code.REQUEST_TOO_LARGE, "m"), 413),
        (IntegrityError("m"), 500),
        (UnavailableError(Code.PEER_UNAVAILABLE, "m"), 503),
        (UnavailableError(Code.DATABASE_BUSY, "m"), 503),
        (OutOfSpaceError("m", needed_bytes=1, free_bytes=0), 507),
    ],
)
def test_the_status_follows_the_code_and_then_the_class(error: FarpointError, status: int) -> None:
    assert status_of(error) == status


def test_what_is_not_answering_may_be_asked_again_in_a_second() -> None:
    assert error_answer(UnavailableError(Code.DATABASE_BUSY, "m")).headers["retry-after"] == "1"


def test_azures_gateway_finds_top_level_resources_missing_and_its_provider_the_others() -> None:
    assert error_answer(resource_missing(DISK)).headers["x-ms-failure-cause"] == "gateway"
    child = error_answer(entity_missing(POINT))
    assert "x-ms-failure-cause" not in child.headers
    document = json.loads(bytes(child.body))
    assert document["error"]["code"] == "NotFound"
    assert document["error"]["message"].startswith("The entity was not found in this Azure location.")
