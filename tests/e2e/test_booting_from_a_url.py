"""A machine boots from a restore point without any disk: QEMU reads it through its signed URL, in the region that is left."""

import json
import random
import subprocess
from contextlib import suppress

import pytest
from tests.e2e.azure_sdk import GROUP, client_for, credential_for
from tests.e2e.boot_disk import EXIT_STATUS, make_bootable
from tests.e2e.conftest import MakeRegions
from tests.e2e.dev_regions import EAST, WEST
from tests.e2e.images import make_image

from farpoint.units import MIB

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.needs_tool("qemu-system-x86_64")]

RAW = {"access": "Read", "durationInSeconds": 600, "farpoint": {"format": "raw"}}
#: QEMU 7.2's curl driver now and then waits for ever for what it has, whoever serves it.
_ATTEMPTS = 6


def test_a_machine_boots_from_the_url_of_a_copy(new_regions: MakeRegions, dice: random.Random) -> None:
    regions = new_regions()
    regions.up()
    image = make_image(regions.pool / "boot.raw", 4 * MIB, dice)
    message = f"captured in {EAST}, {dice.random()}"
    make_bootable(image, message)
    regions.add_vm("boot", image)
    regions.capture("boot/rp1")
    regions.copy("boot/rp1")
    regions.lose(EAST)
    image.unlink()
    with credential_for(regions, WEST) as credential, client_for(regions, WEST, credential) as west:
        [disk_point] = west.disk_restore_point.list_by_restore_point(GROUP, "boot-westus", "rp1")
        granted = west.disk_restore_point.begin_grant_access(GROUP, "boot-westus", "rp1", str(disk_point.name), RAW).result()
    assert boot(str(granted.access_sas)) == message


def boot(url: str) -> str:
    """Boot a machine whose one disk is behind *url*; return what it writes to its serial port before it ends itself."""
    # The certificate is of a throw-away authority that libcurl does not know. What the guest writes goes to a temporary overlay.
    disk = json.dumps({"driver": "raw", "file": {"driver": "https", "url": url, "sslverify": False}})
    machine = ("-accel", "tcg", "-m", "16", "-display", "none", "-nodefaults", "-no-reboot", "-serial", "stdio")
    devices = ("-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-drive", f"file=json:{disk.replace(',', ',,')},if=virtio,snapshot=on")
    for _ in range(_ATTEMPTS):
        with suppress(subprocess.TimeoutExpired):
            ran = subprocess.run(["qemu-system-x86_64", *machine, *devices], check=False, capture_output=True, text=True, timeout=20)
            if "Unknown" in ran.stderr:
                pytest.skip("needs QEMU's curl driver (Debian package qemu-block-extra)")
            assert ran.returncode == EXIT_STATUS, ran.stderr
            return ran.stdout
    pytest.fail(f"the machine did not come to an end in {_ATTEMPTS} attempts")
