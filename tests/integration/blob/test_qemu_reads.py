"""QEMU on disk URLs: its VHD driver agrees with the footer, and its curl driver reads a disk straight from the region."""

import json
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from tests.integration.blob.blob_region import BlobRegion

from farpoint.codec.vhd import encode_footer
from farpoint.model.access import BlobFormat
from farpoint.units import GIB, MIB

pytestmark = pytest.mark.needs_tool("qemu-img")
_ATTEMPTS = 6
#: Whole geometries, sizes between them, and one beyond the largest geometry.
SIZES = [512, 3 * 512, MIB, 20 * MIB + 512, GIB, 127 * GIB, 140 * GIB + 512 * 7, 2039 * GIB]


def qemu_img(*arguments: str, seconds: float = 100) -> str:
    """Run qemu-img."""
    done = subprocess.run(["qemu-img", *arguments], check=False, capture_output=True, text=True, timeout=seconds)
    if "Unknown protocol" in done.stderr or "Unknown driver" in done.stderr:
        pytest.skip("needs QEMU's curl driver (Debian package qemu-block-extra)")
    assert done.returncode == 0, done.stderr
    return done.stdout


def qemu_img_over_https(*arguments: str) -> str:
    """Run qemu-img on a URL. QEMU 7.2's curl driver now and then waits for ever for what it has, whoever serves it: try again."""
    for _ in range(_ATTEMPTS):
        with suppress(subprocess.TimeoutExpired):
            return qemu_img(*arguments, seconds=15)
    pytest.fail(f"qemu-img {arguments[0]} did not come to an end in {_ATTEMPTS} attempts")


def over_https(url: str, driver: str) -> str:
    """Name the disk behind a URL; the certificate is of a throw-away authority that libcurl does not know."""
    return "json:" + json.dumps({"driver": driver, "file": {"driver": "https", "url": url, "sslverify": False}})


@pytest.mark.parametrize("size", SIZES)
def test_a_footer_makes_a_vhd_of_exactly_the_disks_size(served: BlobRegion, tmp_path: Path, size: int) -> None:
    path = tmp_path / "disk.vhd"
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(encode_footer(size_bytes=size, disk=served.region.region))
    assert json.loads(qemu_img("info", "-f", "vpc", "--output", "json", str(path)))["virtual-size"] == size


def test_a_downloaded_vhd_converts_to_the_disk(served: BlobRegion, tmp_path: Path) -> None:
    arm_id = served.point("rp1")
    served.revoke(arm_id)
    vhd, raw = tmp_path / "disk.vhd", tmp_path / "disk.raw"
    vhd.write_bytes(served.send("GET", served.share(arm_id, shown=BlobFormat.VHD)).body)
    qemu_img("convert", "-f", "vpc", "-O", "raw", str(vhd), str(raw))
    assert raw.read_bytes() == served.captured("rp1")
    served.revoke(arm_id)


@pytest.mark.long
@pytest.mark.parametrize(("shown", "driver"), [(BlobFormat.RAW, "raw"), (BlobFormat.VHD, "vpc")])
def test_a_disk_is_read_over_http_ranges(served: BlobRegion, tmp_path: Path, shown: BlobFormat, driver: str) -> None:
    arm_id = served.point("rp1")
    served.revoke(arm_id)
    url = over_https(served.share(arm_id, shown=shown), driver)
    source, target = tmp_path / "captured.raw", tmp_path / "out.raw"
    source.write_bytes(served.captured("rp1"))
    assert "identical" in qemu_img_over_https("compare", url, str(source))
    qemu_img_over_https("convert", "-O", "raw", url, str(target))
    assert target.read_bytes() == served.captured("rp1")
    served.revoke(arm_id)
