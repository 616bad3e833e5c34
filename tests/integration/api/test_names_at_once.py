"""Two regions are asked for one name at the same moment: one gives it, the other refuses, however their questions cross."""

from collections.abc import Callable
from functools import partial

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.testing.arm_region import SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/backups"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/default/providers/Microsoft.Network/virtualNetworks/net"

Put = Callable[[Arm], httpx.Response]


def put_disk(arm: Arm) -> httpx.Response:
    properties = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    return arm.send("PUT", compute("disks", "data"), {"location": arm.region.context.name, "properties": properties})


def put_at(path: str, arm: Arm) -> httpx.Response:
    return arm.send("PUT", path, {"location": arm.region.context.name, "properties": {}}, version="2024-03-01")


PUTS: dict[str, Put] = {"disk": put_disk, "network": partial(put_at, NETWORK), "group": partial(put_at, GROUP)}


class Crossing:
    """Asks the other regions for a name, and lets another request happen just before or after."""

    def __init__(self, arm: Arm, other: Callable[[], httpx.Response], *, before: bool) -> None:
        self._ask = arm.region.peers.holder_of_name
        self._other = other
        self._before = before
        self.answers: list[httpx.Response] = []

    def holder_of_name(self, arm_id: str) -> str | None:
        if self._before:
            self._let_other()
        holder = self._ask(arm_id)
        self._let_other()
        return holder

    def _let_other(self) -> None:
        if not self.answers:
            self.answers.append(httpx.Response(0))
            self.answers[0] = self._other()


@pytest.mark.parametrize("put", list(PUTS.values()), ids=list(PUTS))
@pytest.mark.parametrize("before", [True, False], ids=["before asking", "after asking"])
@pytest.mark.parametrize("turned", [True, False])
def test_one_of_two_wins(three: tuple[Arm, Arm, Arm], monkeypatch: pytest.MonkeyPatch, put: Put, *, before: bool, turned: bool) -> None:
    first, second = (three[1], three[0]) if turned else (three[0], three[1])
    crossing = Crossing(first, lambda: put(second), before=before)
    monkeypatch.setattr(first.region.peers, "holder_of_name", crossing.holder_of_name)

    answers = [put(first), *crossing.answers]

    refused = [answer for answer in answers if answer.status_code == 409]
    assert len(answers) == 2
    assert len(refused) == 1, [answer.text for answer in answers]
    assert refused[0].json()["error"]["code"] == "Conflict"
    winner = next(arm for arm, answer in zip((first, second), answers, strict=True) if answer not in refused)
    for arm in three:
        arm.region.follow()
    path = answers[0].request.url.path
    for arm in three:
        shown = arm.send("GET", path, version="2024-03-01").json()
        assert (shown["location"], "nameConflict" in str(shown)) == (winner.region.context.name, False)


def test_who_was_refused_may_ask_again_when_the_other_is_gone(three: tuple[Arm, Arm, Arm]) -> None:
    east, west, _ = three
    put_disk(east)
    assert put_disk(west).status_code == 409
    assert east.send("DELETE", compute("disks", "data")).is_success
    assert put_disk(west).status_code == 200
