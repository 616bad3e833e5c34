"""Many clients at once lose nothing: the short form of ``make load``, which asserts and does not measure."""

from collections.abc import Iterator

import pytest
from tests.e2e.dev_regions import EAST, WEST, DevRegions
from tests.load.latencies import Latencies
from tests.load.load_run import Load, run_load


@pytest.fixture
def regions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevRegions]:
    """Start two regions of this test's own."""
    regions = DevRegions(tmp_path_factory.mktemp("load") / "dev")
    try:
        regions.up()
        yield regions
    finally:
        regions.down()


@pytest.mark.e2e
def test_eight_clients_for_two_seconds_lose_no_update_and_meet_no_5xx(regions: DevRegions, entropy_seed: int) -> None:
    load = Load(clients=8, seconds=2.0, regions=(EAST, WEST), name="load", number=entropy_seed)
    latencies = Latencies()
    result = run_load(load, environment=regions.environment, pool=regions.pool, latencies=latencies)
    assert result.rounds >= load.clients
    assert max(latencies.statuses) < 500
