"""Damaged packs under a URL: an error before the first byte or a connection that is cut, never a byte that is not the disk's."""

import http.client
import logging
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from tests.integration.blob.blob_region import READY_SECONDS, BlobRegion, serve_region

from farpoint.api.blob import range_body
from farpoint.bucket.names import pack_name
from farpoint.metadata import disk_points, points
from farpoint.testing.memory_bucket import MemoryBucket
from farpoint.testing.stage import BLOCK_BYTES, GROUP, OS_BYTES


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobRegion]:
    """Serve a region whose last block of the OS disk is damaged in the bucket."""
    with serve_region(tmp_path_factory.mktemp("damaged")) as served:
        bucket = served.region.bucket
        assert isinstance(bucket, MemoryBucket)
        with served.region.database.read() as conn:
            point = points.get_point(conn, group=GROUP, collection="web01", name="rp1")
            assert point is not None
            disk = next(one for one in disk_points.list_disk_points(conn, point.id) if one.disk_name == "os")
        assert disk.state is not None
        assert disk.scope is not None
        [chunk] = served.region.vault.reader(disk.scope).chunk_ids(disk.state, [disk.state.geometry.block_count - 1])
        assert chunk is not None
        location = served.region.vault.index.find_chunks(disk.scope, [chunk])[chunk]
        name = pack_name(location.pack)
        data = bytearray(bucket.objects[name])
        data[location.offset_bytes + location.sealed_bytes // 2] ^= 1
        bucket.objects[name] = bytes(data)
        yield served


def test_a_damaged_block_is_an_error_before_the_first_byte(damaged: BlobRegion, caplog: pytest.LogCaptureFixture) -> None:
    url = damaged.share(damaged.point("rp1"))
    answer = damaged.send("GET", url, {"x-ms-range": f"bytes={OS_BYTES - 512}-"})
    assert (answer.status, answer.headers["x-ms-error-code"]) == (500, "IntegrityError")
    [record] = [one for one in caplog.records if one.msg == "blob_not_served"]
    assert "pack packs/" in record.__dict__["place"]
    # Whoever met the damage, nothing relies on the pack from now on.
    relied_on = {pack_name(pack.id) for pack in damaged.region.vault.index.packs()}
    assert not any(name in record.__dict__["place"] for name in relied_on)
    assert damaged.send("GET", url, {"x-ms-range": f"bytes=0-{OS_BYTES - 2 * BLOCK_BYTES}"}).status == 206


def test_a_damaged_block_further_on_cuts_the_connection(
    damaged: BlobRegion, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(range_body, "BATCH_BYTES", 4 * BLOCK_BYTES)
    url = damaged.share(damaged.point("rp1"))
    parts = urlsplit(url)
    trust = ssl.create_default_context(cafile=str(damaged.ca_file))
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, context=trust, timeout=READY_SECONDS)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["content-length"]) == (200, str(OS_BYTES))
    with pytest.raises((http.client.IncompleteRead, ssl.SSLError, ConnectionError)) as caught:
        answer.read()
    connection.close()
    if isinstance(caught.value, http.client.IncompleteRead):
        received = caught.value.partial
        assert received == damaged.captured("rp1")[: len(received)]
        assert len(received) <= OS_BYTES - BLOCK_BYTES
    assert parts.query.rpartition("sig=")[2] not in caplog.text


def test_urls_and_signatures_are_in_no_log_and_no_error(damaged: BlobRegion, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = damaged.share(damaged.point("rp1"))
    signature = url.rpartition("sig=")[2]
    asked = [
        damaged.send("GET", url, {"x-ms-range": f"bytes={OS_BYTES - 512}-"}),
        damaged.send("GET", url, {"x-ms-range": "nonsense"}),
        damaged.send("PUT", url, {"Content-Length": "0"}),
        damaged.send("GET", f"{url}&comp=pagelist", {"x-ms-previous-snapshot-url": f"{url}x"}),
        damaged.send("GET", f"{url}&comp=nothing"),
    ]
    assert [answer.status for answer in asked] == [500, 400, 400, 403, 405]
    for answer in asked:
        assert signature not in answer.body.decode() + str(answer.headers)
    assert signature not in caplog.text
    assert signature not in "".join(str(record.__dict__) for record in caplog.records)
