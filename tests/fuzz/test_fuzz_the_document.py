"""schemathesis over the whole OpenAPI document: no 5xx, no answer that the document does not announce."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fuzz.fuzzing import Findings, Fuzzer
from tests.integration.api.arm_client import Arm, compute

from farpoint.model.ids import OperationId
from farpoint.services.context import RegionContext
from farpoint.testing.arm_region import ArmRegion, link, serve_at
from farpoint.testing.played_work import play_whole_operation

FAST_CASES, LONG_CASES = 150, 3000


@pytest.fixture
def arm(tmp_path: Path, entropy_seed: int) -> Iterator[Arm]:
    """Furnish two linked regions whose work is done at once, and log in at the first."""
    east, west = (ArmRegion(name, tmp_path / name, seed=entropy_seed + number) for number, name in enumerate(("eastus", "westus")))

    def done_at_once(context: RegionContext, operation: OperationId) -> None:
        play_whole_operation(context, operation, source=west.context)

    serve_at(east, endpoint=east.context.endpoint, launch=done_at_once)
    link(east, west)
    arms = [Arm(region, region.app()) for region in (east, west)]
    for each, prefix in zip(arms, ("", "far-"), strict=True):
        each.log_in()
        vm = each.add_vm(f"{prefix}web", os_disk=each.attach(f"{prefix}os"), data_disks=(each.attach(f"{prefix}data"),))
        each.add_collection(f"{prefix}web", source=vm)
    arms[0].send("PUT", compute("restorePointCollections", "web", "restorePoints", "rp1"), {})
    arms[0].add_collection("copies", source=compute("restorePointCollections", "far-web"))
    yield arms[0]
    for region in (east, west):
        region.close()


def require_variety(found: Findings) -> None:
    """See that the run was no walk along one wall: some requests were done, some refused."""
    assert {status // 100 for status in found.statuses} == {2, 4}


def test_150_cases_are_answered_as_the_document_says(arm: Arm, entropy_seed: int) -> None:
    require_variety(Fuzzer(arm).run(cases=FAST_CASES, number=entropy_seed))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_3000_cases_are_answered_as_the_document_says(arm: Arm, entropy_seed: int) -> None:
    found = Fuzzer(arm).run(cases=LONG_CASES, number=entropy_seed)
    require_variety(found)
    paths = set(arm.app.state.document()["paths"])
    missed = paths - {label.partition(" ")[2] for label in found.operations}
    # They are drawn, so now and then one is not.
    assert len(missed) <= len(paths) // 10, missed
    assert found.cases >= LONG_CASES * 0.9
