"""Disk bytes by signed URL, with Microsoft's own clients and two real regions: out of a copy, and into a disk that is captured."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen
from azure.core.exceptions import ClientAuthenticationError
from azure.mgmt.compute import ComputeManagementClient
from azure.storage.blob import BlobClient
from tests.azcopy import run_azcopy
from tests.e2e.azure_sdk import GROUP, MakeClient, client_for, copied_body, credential_for
from tests.e2e.conftest import MakeRegions
from tests.e2e.dev_regions import EAST, WEST, DevRegions
from tests.e2e.images import are_identical, make_image

from farpoint.api.schemas.disks import VHD_FOOTER_BYTES
from farpoint.units import KIB, MIB

pytestmark = pytest.mark.e2e

READ = {"access": "Read", "durationInSeconds": 600}
WRITE = {"access": "Write", "durationInSeconds": 600}
#: With a footer, as Azure's own exports have; the disk is a whole number of MiB.
SIZE = 9 * MIB


@frozen
class Export:
    """A disk restore point of a copy, and the image that it shows."""

    image: Path
    copy: str
    disk_point: str

    def share(self, west: ComputeManagementClient) -> str:
        """Return a signed URL."""
        granted = west.disk_restore_point.begin_grant_access(GROUP, self.copy, "rp1", self.disk_point, READ).result()
        assert granted.access_sas
        return str(granted.access_sas)

    def revoke(self, west: ComputeManagementClient) -> None:
        """End the access."""
        west.disk_restore_point.begin_revoke_access(GROUP, self.copy, "rp1", self.disk_point).result()


def copied(regions: DevRegions, west: ComputeManagementClient, name: str, dice: random.Random) -> Export:
    """Capture a VM's disk, with a hole in it, and copy it to westus."""
    image = make_image(regions.pool / f"{name}.raw", SIZE, dice)
    with image.open("r+b") as file:
        file.seek(3 * MIB)
        file.write(bytes(2 * MIB))
    regions.add_vm(name, image)
    regions.capture(f"{name}/rp1")
    regions.copy(f"{name}/rp1")
    [disk_point] = west.disk_restore_point.list_by_restore_point(GROUP, f"{name}-westus", "rp1")
    return Export(image, f"{name}-westus", str(disk_point.name))


def blob_client(regions: DevRegions, url: str) -> BlobClient:
    return BlobClient.from_blob_url(url, connection_verify=regions.environment["FARPOINT_CA_FILE"])


def uploaded(west: ComputeManagementClient, name: str) -> str:
    """Make a disk in westus that waits for its upload; return the URL to write it by."""
    creation = {"createOption": "Upload", "uploadSizeBytes": SIZE + VHD_FOOTER_BYTES}
    west.disks.begin_create_or_update(GROUP, name, {"location": WEST, "properties": {"creationData": creation}}).result()
    return str(west.disks.begin_grant_access(GROUP, name, WRITE).result().access_sas)


def test_the_storage_sdk_reads_a_copy_where_it_is_and_writes_a_disk_that_is_captured(
    pair: DevRegions, compute: MakeClient, dice: random.Random
) -> None:
    west = compute(WEST)
    export = copied(pair, west, "exported", dice)
    url = export.share(west)
    with blob_client(pair, url) as blob:
        vhd = blob.download_blob(max_concurrency=4).readall()
    assert vhd[:SIZE] == export.image.read_bytes()
    assert len(vhd) == SIZE + VHD_FOOTER_BYTES
    export.revoke(west)
    with blob_client(pair, url) as blob, pytest.raises(ClientAuthenticationError):
        blob.get_blob_properties()

    with blob_client(pair, uploaded(west, "imported")) as blob:
        for offset in range(0, len(vhd), 4 * MIB):
            piece = vhd[offset : offset + 4 * MIB]
            blob.upload_page(piece, offset=offset, length=len(piece), validate_content=True)
    west.disks.begin_revoke_access(GROUP, "imported").result()
    imported = west.disks.get(GROUP, "imported")
    assert (imported.disk_state, imported.disk_size_bytes) == ("Unattached", SIZE)
    assert are_identical(export.image, pair.pool / WEST / GROUP / "imported.raw")
    west.snapshots.begin_create_or_update(GROUP, "of-imported", copied_body(WEST, "Copy", imported.id, incremental=True)).result()
    west.disks.begin_create_or_update(GROUP, "again", copied_body(WEST, "Copy", west.snapshots.get(GROUP, "of-imported").id)).result()
    assert are_identical(export.image, pair.pool / WEST / GROUP / "again.raw")


def test_what_changed_between_two_copies_is_told_by_their_urls(pair: DevRegions, compute: MakeClient, dice: random.Random) -> None:
    """Backup products read a full point once, and then only what changed against it."""
    west = compute(WEST)
    export = copied(pair, west, "diffed", dice)
    with export.image.open("r+b") as file:
        file.seek(7 * MIB)
        file.write(dice.randbytes(4 * KIB))
    pair.capture("diffed/rp2")
    pair.copy("diffed/rp2")
    [newer] = west.disk_restore_point.list_by_restore_point(GROUP, "diffed-westus", "rp2")
    granted = west.disk_restore_point.begin_grant_access(GROUP, "diffed-westus", "rp2", str(newer.name), READ).result()
    with blob_client(pair, export.share(west)) as blob:
        patched = bytearray(blob.download_blob().readall())
    with blob_client(pair, str(granted.access_sas)) as blob:
        changed, cleared = blob.get_page_range_diff_for_managed_disk(export.share(west))
        for one in changed:
            length = one["end"] + 1 - one["start"]
            patched[one["start"] : one["end"] + 1] = blob.download_blob(offset=one["start"], length=length).readall()
    assert cleared == []
    assert sum(one["end"] + 1 - one["start"] for one in changed) <= 256 * KIB
    assert patched[:SIZE] == export.image.read_bytes()


@pytest.fixture
def two_regions(new_regions: MakeRegions) -> Iterator[tuple[DevRegions, ComputeManagementClient]]:
    """Two regions of the test's own, and a client of westus."""
    regions = new_regions()
    regions.up()
    with credential_for(regions, WEST) as credential, client_for(regions, WEST, credential) as west:
        yield regions, west


@pytest.mark.long
@pytest.mark.needs_tool("azcopy")
def test_azcopy_takes_a_copy_out_of_the_region_that_is_left_and_puts_it_back(
    two_regions: tuple[DevRegions, ComputeManagementClient], dice: random.Random, tmp_path: Path
) -> None:
    regions, west = two_regions
    export = copied(regions, west, "exported", dice)
    kept, ca_file = export.image.read_bytes(), Path(regions.environment["FARPOINT_CA_FILE"])
    regions.lose(EAST)
    export.image.unlink()
    run_azcopy(ca_file, tmp_path, export.share(west), str(tmp_path / "out.vhd"), "--from-to", "BlobLocal")
    export.revoke(west)
    vhd = (tmp_path / "out.vhd").read_bytes()
    assert (vhd[:SIZE], len(vhd)) == (kept, SIZE + VHD_FOOTER_BYTES)
    url = uploaded(west, "back")
    run_azcopy(ca_file, tmp_path, str(tmp_path / "out.vhd"), url, "--from-to", "LocalBlob", "--blob-type", "PageBlob")
    west.disks.begin_revoke_access(GROUP, "back").result()
    assert west.disks.get(GROUP, "back").disk_state == "Unattached"
    assert (regions.pool / WEST / GROUP / "back.raw").read_bytes() == kept
