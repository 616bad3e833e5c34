"""Microsoft's AzCopy, unmodified: disks down and up through their URLs (make test-azcopy installs it)."""

import random
from pathlib import Path

import pytest
from tests.azcopy import run_azcopy
from tests.integration.blob.blob_region import BlobRegion

from farpoint.codec.vhd import encode_footer
from farpoint.model.access import AccessLevel, BlobFormat
from farpoint.testing.stage import OS_BYTES

pytestmark = [pytest.mark.long, pytest.mark.needs_tool("azcopy")]
SIZE = 24 << 20


@pytest.mark.parametrize("shown", BlobFormat)
def test_a_restore_point_is_downloaded(served: BlobRegion, tmp_path: Path, shown: BlobFormat) -> None:
    arm_id = served.point("rp1")
    target = tmp_path / "out"
    run_azcopy(served.ca_file, tmp_path, served.share(arm_id, shown=shown), str(target), "--from-to", "BlobLocal")
    served.revoke(arm_id)
    data = target.read_bytes()
    assert data[:OS_BYTES] == served.captured("rp1")
    assert len(data) == OS_BYTES + (512 if shown is BlobFormat.VHD else 0)


def test_a_vhd_is_uploaded_and_becomes_the_disk(served: BlobRegion, tmp_path: Path) -> None:
    arm_id, path = served.disk_for_upload("azcopy", SIZE)
    # With a hole as real disks have: AzCopy leaves out what is zeros.
    data = random.Random(9).randbytes(5 << 20) + bytes(14 << 20) + random.Random(8).randbytes(5 << 20)
    source = tmp_path / "in.vhd"
    source.write_bytes(data + encode_footer(size_bytes=SIZE, disk=served.region.region))
    url = served.share(arm_id, access=AccessLevel.WRITE, shown=BlobFormat.VHD)
    run_azcopy(served.ca_file, tmp_path, str(source), url, "--from-to", "LocalBlob", "--blob-type", "PageBlob")
    assert served.revoke(arm_id) is None
    assert path.read_bytes() == data
