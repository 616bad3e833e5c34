"""Two regions for the tests of this folder to share."""

from collections.abc import Iterator

import pytest
from tests.e2e.cli.region_processes import RegionProcesses, dev_regions


@pytest.fixture(scope="session")
def two_regions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegionProcesses]:
    """Run eastus and west-us for the whole session; a test that ends one leaves when both are up again."""
    with dev_regions(tmp_path_factory.mktemp("dev") / "regions", "--regions", "eastus,west-us") as regions:
        yield regions
