"""Run one region until it is told to stop."""

import logging
import os
import threading
from collections.abc import Callable
from functools import partial

from farpoint.api.listeners import Listeners
from farpoint.bootstrap.allocator import limit_allocator
from farpoint.bootstrap.peering import follow_peer, greet_peers
from farpoint.bootstrap.recovery import has_kit
from farpoint.bootstrap.region import Region, build_region
from farpoint.bootstrap.storage import open_storage
from farpoint.clock import Clock, SystemClock, SystemEntropy
from farpoint.config.values import RegionConfig
from farpoint.errors import FarpointError
from farpoint.metadata.holds import HOLD_TICK_SECONDS, tick_holds

_log = logging.getLogger(__name__)


def serve(config: RegionConfig) -> int:
    """Run the region in this process; returns only when it could not start (raises), else the process ends here.

    Stopping is crash-only: listeners end gracefully, work under way is left where it is, as by a kill, and the next start goes on
    with it. So there is one way to resume, and it is the one that is tested.
    """
    limit_allocator()
    clock, entropy = SystemClock(), SystemEntropy()
    storage = open_storage(config, clock=clock, entropy=entropy)
    region = build_region(config, storage, clock=clock, entropy=entropy)
    region.catalogue.open()
    if not has_kit(config):
        _log.warning("no_recovery_kit", extra={"region": config.name, "hint": "farpoint region recovery-kit makes one"})
    listeners = Listeners(region.listeners)
    region.runner.start()
    _start_thread("greet-peers", lambda: greet_peers(region.peering, clock, region.bench.stopping))
    _start_thread("write-catalogue", lambda: region.catalogue.follow(clock, region.bench.stopping))
    _start_thread("tick-holds", lambda: _tick_for_ever(region, clock))
    for name in region.peering.directory.names():
        _start_thread(f"follow-{name}", partial(follow_peer, region.peer_catalogues, name, clock, region.bench.stopping))
    listeners.run(lambda: _log.info("region_ready", extra={"region": config.name, "clients": str(config.listen.clients)}))
    region.bench.stopping.set()
    region.runner.stop()
    region.peering.directory.close()
    _log.info("region_stopped", extra={"region": config.name})
    logging.shutdown()
    # Threads in the middle of a step would keep the interpreter waiting for nothing.
    os._exit(0)


def _start_thread(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def _tick_for_ever(region: Region, clock: Clock) -> None:
    """Let the holds of peers age by the life of this process."""
    while not region.bench.stopping.is_set():
        clock.sleep(HOLD_TICK_SECONDS, wake=region.bench.stopping)
        if not region.bench.stopping.is_set():
            _tick(region)


def _tick(region: Region) -> None:
    try:
        with region.storage.database.write() as conn:
            tick_holds(conn)
    except FarpointError as error:
        # One missed tick only lets holds live a little longer.
        _log.warning("holds_not_ticked", extra={"reason": str(error)})
