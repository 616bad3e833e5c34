"""What iperf3 carries over the emulated WAN: the yardstick for everything else that is measured there."""

import json
import subprocess
import sys
from typing import Final

from attrs import frozen
from bench.wan.link import Profile
from bench.wan.network import Wan, emulated_wan

_SECONDS: Final = 10
#: A stream needs some round trips to find the rate; those are left out.
_WARM_UP_SECONDS: Final = 3


@frozen(kw_only=True)
class Carried:
    """What arrived."""

    megabits: float
    streams: int
    congestion_control: str


def carried(wan: Wan, *, streams: int) -> Carried:
    """Send for some seconds from the near site to the far one."""
    server = wan.far.inside("iperf3", "--server", "--one-off", "--forceflush")
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        # Rules, the words, rules: it listens when the second rule is out.
        for _ in range(3):
            listening.stdout.readline()
        words = ("--time", str(_SECONDS), "--omit", str(_WARM_UP_SECONDS), "--parallel", str(streams), "--json")
        client = wan.near.inside("iperf3", "--client", wan.far.address, *words)
        end = json.loads(subprocess.run(client, check=True, capture_output=True, text=True).stdout)["end"]
        listening.communicate()
    return Carried(megabits=end["sum_received"]["bits_per_second"] / 1e6, streams=streams, congestion_control=end["sender_tcp_congestion"])


def main() -> None:
    """Show what the relay carries: the link of the benchmark, and one ten times as fast, with each congestion control named."""
    for rate, loss in ((1000.0, 0.0), (1000.0, 0.001), (10_000.0, 0.0)):
        for control in sys.argv[1:] or ["bbr", "cubic"]:
            with emulated_wan(Profile(rate_megabits=rate, loss=loss), congestion_control=control) as wan:
                for streams in (1, 4):
                    found = carried(wan, streams=streams)
                    link = f"{rate:.0f} Mbit/s, 150 ms, {loss:.1%} loss"
                    print(f"{link}, {found.congestion_control}, {streams} streams: {found.megabits:.0f} Mbit/s", flush=True)


if __name__ == "__main__":
    main()
