"""Many clients at once, for a while; then the comparison of what each was told with what there is."""

import asyncio
import random
import ssl
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from attrs import frozen
from tests.e2e.arm_http import ArmHttp
from tests.load.latencies import Latencies
from tests.load.load_client import LoadClient

from farpoint.config.environment import endpoint_suffix

_TIMEOUT_SECONDS = 60.0


@frozen(kw_only=True)
class Load:
    """How much."""

    clients: int
    seconds: float
    #: Two regions; captures go to the first, copies to the second.
    regions: tuple[str, str]
    #: Names of one run differ from those of others.
    name: str
    number: int


@frozen(kw_only=True)
class LoadResult:
    """What a run came to; that it came to anything means that nothing was lost and nothing was a 5xx."""

    requests_per_second: float
    rounds: int


def run_load(load: Load, *, environment: Mapping[str, str], pool: Path, latencies: Latencies) -> LoadResult:
    """Let the clients of *load* work at the regions of *environment*, noting *latencies*; raise when anything was lost or refused."""
    return asyncio.run(_run(load, environment, pool, latencies))


async def _run(load: Load, environment: Mapping[str, str], pool: Path, latencies: Latencies) -> LoadResult:
    with ArmHttp(environment, load.regions[0]) as login:
        token = login.token
    async with AsyncExitStack() as stack:
        clients = []
        for number in range(load.clients):
            here, there = [await stack.enter_async_context(_connection(environment, region, token)) for region in load.regions]
            clients.append(
                LoadClient(
                    name=f"{load.name}-{number}",
                    here=here,
                    there=there,
                    locations=load.regions,
                    subscription=environment["AZURE_SUBSCRIPTION_ID"],
                    pool=pool,
                    latencies=latencies,
                    dice=random.Random(load.number + number),
                )
            )
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(client.work(lambda: time.monotonic() < began + load.seconds))
        rate = latencies.count / (time.monotonic() - began)
        for client in clients:
            await client.check()
            await client.clean_up()
    return LoadResult(requests_per_second=rate, rounds=sum(client.rounds for client in clients))


def _connection(environment: Mapping[str, str], region: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=environment[f"FARPOINT_ENDPOINT_{endpoint_suffix(region)}"],
        headers={"Authorization": f"Bearer {token}"},
        verify=ssl.create_default_context(cafile=environment["FARPOINT_CA_FILE"]),
        timeout=_TIMEOUT_SECONDS,
        trust_env=False,
    )
