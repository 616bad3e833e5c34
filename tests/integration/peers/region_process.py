"""Serve region eastus from its own process: ``region_process.py FOLDER PORT``. Its blocks are sent slowly."""

import sys
import time
from pathlib import Path

from farpoint.clock import SystemClock
from farpoint.peers.tls import OwnCertificate
from farpoint.testing.served_region import ServedRegion


def main(folder: Path, port: int) -> None:
    """Serve until told to stop."""
    pki = folder / "pki"
    own = OwnCertificate(certificate=pki / "eastus.pem", key=pki / "eastus.key")
    region = ServedRegion("eastus", folder / "eastus", own=own, ca_file=pki / "ca.pem", clock=SystemClock())
    size = 256 * 1024
    region.add_point("rp1", {"os": [bytes([number + 1]) * size for number in range(64)]}, block_bytes=size)
    region.vault.before_chunk = lambda: time.sleep(0.1)
    region.listeners(region.trusts(["westus"]), port=port).run(_announce)
    region.database.close()


def _announce() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


main(Path(sys.argv[1]), int(sys.argv[2]))
