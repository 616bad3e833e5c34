"""Requests made from the OpenAPI document by schemathesis, sent to a region in process, and what each answer must be."""

import json
import random
from collections import Counter

import schemathesis
from attrs import define, field, frozen
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from tests.integration.api.arm_client import Arm

from farpoint.testing.arm_region import SUBSCRIPTION, TENANT

#: Names that exist, so that requests come further than to a 404; "anew" is made by whoever comes first.
KNOWN = {
    "subscription": [SUBSCRIPTION],
    "tenant": [TENANT],
    "group": ["default"],
    "collection": ["web", "copies", "far-web", "anew"],
    "point": ["rp1", "anew"],
    "disk": ["os", "data", "far-os", "anew"],
    "vm": ["web", "far-web", "anew"],
    "region": ["eastus", "westus"],
}
_KNOWN_SHARE = 0.8
_CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
#: Refusals whose envelope is the OAuth standard's.
_OAUTH = "error_description"


@define
class Findings:
    """What a run came to."""

    cases: int = 0
    statuses: Counter[int] = field(factory=Counter)
    operations: Counter[str] = field(factory=Counter)


@frozen
class Fuzzer:
    """Sends cases to one region."""

    arm: Arm

    def run(self, *, cases: int, number: int) -> Findings:
        """Send *cases* requests drawn with seed *number*; fail at the first answer that is not as the document says."""
        schema = schemathesis.openapi.from_asgi("/openapi.json", self.arm.app)
        everything = []
        for result in schema.get_all_operations():
            assert isinstance(result, Ok), result
            everything.append(result.ok())
        found = Findings()
        modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
        strategies = {(operation.label, mode): operation.as_strategy(generation_mode=mode) for operation in everything for mode in modes}
        names = sorted(label for label, mode in strategies if mode is modes[0])

        @seed(number)
        @settings(max_examples=cases, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(st.data())
        def one(data: st.DataObject) -> None:
            label = data.draw(st.sampled_from(names))
            case = data.draw(strategies[label, data.draw(st.sampled_from(modes))])
            dice = random.Random(data.draw(st.integers(0, 1 << 32)))
            self._lead_somewhere(case.path_parameters, case.body, dice)
            response = case.call(headers={"Authorization": f"Bearer {self.arm.token}"})
            # An operation's Location ends without a body when there is no result; OpenAPI has no word for that.
            case.validate_response(response, checks=_CHECKS if response.content else _CHECKS[:-1])
            refuse_bad_envelope(response)
            found.cases += 1
            found.statuses[response.status_code] += 1
            found.operations[label] += 1

        one()
        return found

    def _lead_somewhere(self, path_names: dict[str, object] | None, body: object, dice: random.Random) -> None:
        """Make most paths and bodies lead to what exists."""
        known = KNOWN | {"operation_id": [str(operation) for operation in self.arm.region.launched]}
        for name in path_names or ():
            if path_names and known.get(name) and dice.random() < _KNOWN_SHARE:
                path_names[name] = dice.choice(known[name])
        if isinstance(body, dict) and "location" in body and dice.random() < _KNOWN_SHARE:
            body["location"] = dice.choice(KNOWN["region"])


def refuse_bad_envelope(response: schemathesis.Response) -> None:
    """Fail when a refusal is not in ARM's envelope, or shows what is inside."""
    if response.status_code < 400:
        return
    text = response.content.decode()
    assert "Traceback" not in text
    if response.request.method == "HEAD":
        assert not text
        return
    document = json.loads(text)
    error = document["error"]
    assert document.get(_OAUTH) or (error["code"] and error["message"]), text
