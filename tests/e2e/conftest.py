"""Real regions for end-to-end tests: processes, sockets, files, kills. Each pair is one `dev up`, ended by its pid whatever happens."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from tests.e2e.arm_http import ArmHttp
from tests.e2e.azure_sdk import MakeClient, client_for, credential_for
from tests.e2e.dev_regions import EAST, WEST, DevRegions, until

#: Makes a `dev up` of its own for a test, not yet started.
MakeRegions = Callable[[], DevRegions]


@pytest.fixture
def dice(entropy_seed: int) -> random.Random:
    """Randomness that the test's printed seed repeats."""
    return random.Random(entropy_seed)


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevRegions]:
    """Two regions that all tests share that hurt nobody."""
    yield from _running(tmp_path_factory.mktemp("pair"), streams=None)


@pytest.fixture(scope="session")
def doomed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevRegions]:
    """Two regions for tests that kill: copies use one stream, which makes the bound of bytes sent again as sharp as it gets."""
    yield from _running(tmp_path_factory.mktemp("doomed"), streams=1)


@pytest.fixture
def victims(doomed: DevRegions) -> DevRegions:
    """Give the regions for tests that kill, up and well whatever the test before did to them."""
    doomed.limit(None)
    for name in (EAST, WEST):
        doomed.relays[name].mend()
        until(lambda region=name: doomed.answers(region), f"{name} answers")  # type: ignore[misc]  # a default
    return doomed


@pytest.fixture
def new_regions(tmp_path: Path) -> Iterator[MakeRegions]:
    """Regions of the test's own, which it starts and may leave in any state."""
    made: list[DevRegions] = []

    def make() -> DevRegions:
        made.append(DevRegions(tmp_path / f"regions{len(made)}"))
        return made[-1]

    yield make
    for regions in made:
        regions.down()


@pytest.fixture
def east(pair: DevRegions) -> Iterator[ArmHttp]:
    """Plain HTTP to eastus of the shared pair."""
    with ArmHttp(pair.environment, EAST) as client:
        yield client


@pytest.fixture
def west(pair: DevRegions) -> Iterator[ArmHttp]:
    """Plain HTTP to westus of the shared pair."""
    with ArmHttp(pair.environment, WEST) as client:
        yield client


@pytest.fixture
def compute(pair: DevRegions) -> Iterator[MakeClient]:
    """Make clients of the regions, each with a credential that its own region gives tokens to."""
    opened: list[ClientSecretCredential | ComputeManagementClient] = []

    def make(region: str) -> ComputeManagementClient:
        credential = credential_for(pair, region)
        client = client_for(pair, region, credential)
        opened.extend((credential, client))
        return client

    yield make
    for one in opened:
        one.close()


def _running(folder: Path, *, streams: int | None) -> Iterator[DevRegions]:
    regions = DevRegions(folder / "dev")
    try:
        regions.up()
        regions.interpose(streams=streams)
        yield regions
    finally:
        regions.down()
