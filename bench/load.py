"""Measure the API under many clients: two region processes on loopback, TLS, disks of 1 MiB; every client checks what it was told.

usage: python -m bench.load [CLIENTS [SECONDS]]          defaults: 50 60

Prints a table of latencies by kind of request, and the rate. The clients are one more process on the same machine: their own time is in
the figures. It fails when an update was lost, or an answer was not the one it had to be.
"""

import os
import sys
import tempfile
from pathlib import Path

from tests.e2e.dev_regions import EAST, WEST, DevRegions
from tests.load.latencies import Latencies
from tests.load.load_run import Load, run_load


def main() -> None:
    """Run once and print."""
    clients, seconds = (int(text) for text in [*sys.argv[1:], *("50", "60")[len(sys.argv) - 1 :]])
    load = Load(clients=clients, seconds=float(seconds), regions=(EAST, WEST), name="load", number=1)
    latencies = Latencies()
    with tempfile.TemporaryDirectory(prefix="farpoint-load-") as folder:
        regions = DevRegions(Path(folder) / "dev")
        try:
            regions.up()
            print(f"regions: {' '.join(f'{name} pid {regions.pid(name)}' for name in load.regions)}", flush=True)
            result = run_load(load, environment=regions.environment, pool=regions.pool, latencies=latencies)
        finally:
            regions.down()
            # Also of a run that failed: it shows what was slow.
            print("\n".join(latencies.table()))
    print(f"\n{clients} clients, {seconds} s, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}: ", end="")
    print(f"{result.requests_per_second:.0f} requests/s, {result.rounds} rounds, statuses {dict(sorted(latencies.statuses.items()))}")


if __name__ == "__main__":
    main()
