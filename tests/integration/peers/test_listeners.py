"""Two listeners that start and stop together."""

import http.client
import ssl
import threading
import time

import pytest

from farpoint.errors import Code, RefusedError
from farpoint.peers.client import PeerClient
from farpoint.testing.region_certificates import RegionAuthority
from farpoint.testing.served_region import ServedRegion


def test_a_taken_address_is_refused_by_name(eastus: ServedRegion, westus: ServedRegion) -> None:
    eastus.start(["westus"])

    with pytest.raises(RefusedError, match=f"cannot listen for peers on 127.0.0.1:{eastus.port}: another process listens there") as raised:
        westus.listeners(westus.trusts(["eastus"]), port=eastus.port)
    assert raised.value.code is Code.CONFIGURATION


def test_ready_means_that_both_accept(eastus: ServedRegion, authority: RegionAuthority) -> None:
    listeners = eastus.listeners(eastus.trusts(["westus"]))
    statuses: list[int] = []

    def ask() -> None:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", listeners.ports[0], context=ssl.create_default_context(cafile=authority.ca_file), timeout=10
        )
        connection.request("GET", "/nothing")
        statuses.append(connection.getresponse().status)
        connection.close()
        listeners.stop()

    listeners.run(lambda: threading.Thread(target=ask).start())

    assert statuses == [404]


def test_what_ready_raises_ends_the_listeners(eastus: ServedRegion) -> None:
    listeners = eastus.listeners(eastus.trusts(["westus"]))

    def fail() -> None:
        message = "no"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="no"):
        listeners.run(fail)


def test_a_stop_does_not_wait_for_idle_connections(eastus: ServedRegion, client: PeerClient) -> None:
    client.identity()
    started = time.monotonic()

    eastus.stop()

    assert time.monotonic() - started < 1.5


def test_a_stop_before_the_start_is_heard(eastus: ServedRegion) -> None:
    listeners = eastus.listeners(eastus.trusts(["westus"]))
    listeners.stop()

    listeners.run(lambda: None)
