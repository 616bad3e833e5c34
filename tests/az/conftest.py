"""Two real regions, and `az` logged in at each."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.az.az_cli import AZ_FOLDER, Az
from tests.e2e.dev_regions import EAST, WEST, DevRegions

#: Logged-in command lines by region.
Azs = Mapping[str, Az]


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    if not (AZ_FOLDER / ".ready").exists():
        pytest.skip("needs .venv-az, which make test-az makes")


@pytest.fixture(scope="session")
def az_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevRegions]:
    """Start two regions that all tests share that hurt neither."""
    yield from run_regions(tmp_path_factory.mktemp("az") / "dev")


@pytest.fixture(scope="session")
def azs(az_pair: DevRegions, tmp_path_factory: pytest.TempPathFactory) -> Azs:
    """Log in at both, and make the group that the tests use."""
    return log_in(az_pair, tmp_path_factory.mktemp("az-config"))


def run_regions(folder: Path) -> Iterator[DevRegions]:
    """Start two regions; stop them in the end."""
    regions = DevRegions(folder)
    try:
        regions.up()
        yield regions
    finally:
        regions.down()


def log_in(regions: DevRegions, folder: Path) -> Azs:
    """Return command lines of both regions, with the group rg1 in both."""
    azs = {}
    for name in (EAST, WEST):
        (folder / name).mkdir(parents=True)
        azs[name] = Az(folder / name, name, regions.environment)
        azs[name].log_in()
    azs[EAST].run("group", "create", "-n", "rg1", "-l", EAST)
    return azs
