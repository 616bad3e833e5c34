"""Microsoft's own storage client, unmodified, on disk URLs over real TLS; contents are compared, not only exit codes."""

import io
import random
from collections.abc import Iterator

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceModifiedError
from azure.storage.blob import BlobClient
from tests.integration.blob.blob_region import BlobRegion

from farpoint.codec.vhd import FOOTER_BYTES
from farpoint.model.access import AccessLevel, BlobFormat
from farpoint.testing.stage import BLOCK_BYTES, OS_BYTES

SIZE = 9 << 20
#: The client warns of its own older methods, which backup products use.
pytestmark = pytest.mark.filterwarnings("ignore:get_page_range:DeprecationWarning")


def client(served: BlobRegion, url: str) -> BlobClient:
    return BlobClient.from_blob_url(url, connection_verify=str(served.ca_file), retry_total=0)


@pytest.fixture
def point(served: BlobRegion) -> Iterator[BlobClient]:
    """Open the OS disk of the newer point as a VHD."""
    arm_id = served.point("rp1")
    served.revoke(arm_id)
    with client(served, served.share(arm_id, shown=BlobFormat.VHD)) as blob:
        yield blob
    served.revoke(arm_id)


def test_properties_are_those_of_a_page_blob(point: BlobClient) -> None:
    assert point.exists()
    properties = point.get_blob_properties()
    assert (str(properties.blob_type), properties.size) == ("BlobType.PAGEBLOB", OS_BYTES + FOOTER_BYTES)
    assert properties.page_blob_sequence_number == 0


@pytest.mark.parametrize("validate", [None, "md5", "crc64", True, "auto"])
def test_a_download_is_the_disk_whatever_checks_are_asked_for(served: BlobRegion, point: BlobClient, validate: str | bool | None) -> None:
    data = point.download_blob(validate_content=validate).readall()
    assert data[:OS_BYTES] == served.captured("rp1")
    assert data[OS_BYTES : OS_BYTES + 8] == b"conectix"
    part = point.download_blob(offset=BLOCK_BYTES - 100, length=3 * BLOCK_BYTES, validate_content=validate).readall()
    assert part == served.captured("rp1")[BLOCK_BYTES - 100 :][: 3 * BLOCK_BYTES]


def test_a_download_in_many_chunks_by_several_threads_leaves_holes_out_and_is_whole(served: BlobRegion) -> None:
    arm_id = served.point("rp1")
    served.revoke(arm_id)
    url = served.share(arm_id)
    sizes = {"max_single_get_size": 2 * BLOCK_BYTES, "max_chunk_get_size": BLOCK_BYTES}
    with BlobClient.from_blob_url(url, connection_verify=str(served.ca_file), **sizes) as blob:
        assert blob.download_blob(max_concurrency=3).readall() == served.captured("rp1")


def test_page_ranges_and_changes_are_complete(served: BlobRegion, point: BlobClient) -> None:
    ranges, cleared = point.get_page_ranges()
    assert cleared == []
    shown = bytearray(OS_BYTES + FOOTER_BYTES)
    whole = point.download_blob().readall()
    for one in ranges:
        shown[one["start"] : one["end"] + 1] = whole[one["start"] : one["end"] + 1]
    assert shown == whole
    assert [(one.start, one.end) for one in point.list_page_ranges()] == [(one["start"], one["end"]) for one in ranges]
    older = served.point("rp0")
    served.revoke(older)
    previous = served.share(older, shown=BlobFormat.VHD)
    changed, zeroed = point.get_page_range_diff_for_managed_disk(previous)
    patched = bytearray(served.captured("rp0"))
    for one in changed:
        patched[one["start"] : one["end"] + 1] = whole[one["start"] : one["end"] + 1]
    for one in zeroed:
        patched[one["start"] : one["end"] + 1] = bytes(one["end"] + 1 - one["start"])
    assert patched == served.captured("rp1")
    assert sum(one["end"] + 1 - one["start"] for one in changed) < OS_BYTES // 8
    served.revoke(older)


def test_refusals_arrive_as_the_clients_own_exceptions(served: BlobRegion, point: BlobClient) -> None:
    with pytest.raises(ResourceModifiedError):
        point.download_blob(etag='"0x0"', match_condition=MatchConditions.IfNotModified)
    with pytest.raises(HttpResponseError, match="InvalidRange"):
        point.download_blob(offset=OS_BYTES * 2, length=10).readall()
    with pytest.raises(HttpResponseError, match="PreviousSnapshotOperationNotSupported"):
        point.get_page_ranges(previous_snapshot_diff="2026-11-01T00:00:00.0000000Z")
    with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
        point.upload_page(bytes(512), offset=0, length=512)
    served.revoke(served.point("rp1"))
    with pytest.raises(ClientAuthenticationError, match="AuthenticationFailed"):
        point.get_page_ranges()


@pytest.mark.parametrize("validate", [None, "md5", "crc64"])
def test_pages_are_uploaded_and_cleared_with_every_check(served: BlobRegion, validate: str | None) -> None:
    arm_id, path = served.disk_for_upload(f"sdk-pages-{validate}", SIZE)
    data = random.Random(3).randbytes(SIZE)
    with client(served, served.share(arm_id, access=AccessLevel.WRITE)) as blob:
        for offset in range(0, SIZE, 4 << 20):
            piece = data[offset : offset + (4 << 20)]
            blob.upload_page(piece, offset=offset, length=len(piece), validate_content=validate)
        blob.clear_page(offset=512, length=4096)
        blob.set_sequence_number("update", "7")
        assert blob.get_blob_properties().page_blob_sequence_number == 7
    assert served.revoke(arm_id) is None
    assert path.read_bytes() == data[:512] + bytes(4096) + data[512 + 4096 :]


@pytest.mark.parametrize("validate", [None, "crc64"])
def test_a_whole_vhd_is_uploaded_as_one_page_blob(served: BlobRegion, point: BlobClient, validate: str | None) -> None:
    vhd = point.download_blob().readall()
    arm_id, path = served.disk_for_upload(f"sdk-vhd-{validate}", OS_BYTES)
    with client(served, served.share(arm_id, access=AccessLevel.WRITE, shown=BlobFormat.VHD)) as blob:
        blob.upload_blob(io.BytesIO(vhd), blob_type="PageBlob", length=len(vhd), overwrite=True, validate_content=validate)
    assert served.revoke(arm_id) is None
    assert path.read_bytes() == served.captured("rp1")
