"""Uploading a disk: pages, checks, conditions, and what ending the access makes of it."""

import base64
import hashlib
import itertools
import random
import socket
import ssl
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from attrs import frozen
from tests.integration.blob.blob_region import READY_SECONDS, Answer, BlobRegion

from farpoint.api import body
from farpoint.codec.crc64 import crc64
from farpoint.codec.structured_body import STRUCTURED_BODY, StructuredEncoder
from farpoint.codec.vhd import encode_footer
from farpoint.disks.raw_source import open_raw_source
from farpoint.errors import RefusedError
from farpoint.metadata import disks
from farpoint.model.access import AccessLevel, BlobFormat
from farpoint.testing.stage import GROUP

SIZE = 1 << 20
NUMBERS = itertools.count()
OTHER_DISK = uuid.UUID(int=7)


@frozen
class UploadedDisk:
    """A disk that awaits its upload, and the URL that was granted for it."""

    served: BlobRegion
    name: str
    arm_id: str
    path: Path
    url: str

    def put(self, first: int, data: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Write pages."""
        given = {"x-ms-page-write": "update", "x-ms-range": f"bytes={first}-{first + len(data) - 1}"} | dict(headers or {})
        return self.served.send("PUT", f"{self.url}&comp=page", given, data)

    def put_head_only(self) -> bytes:
        """Announce a write of a page and send one byte of it; return the status line of the answer."""
        parts = urlsplit(self.url)
        trust = ssl.create_default_context(cafile=str(self.served.ca_file))
        head = f"PUT {parts.path}?{parts.query}&comp=page HTTP/1.1\r\nHost: x\r\nContent-Length: 512\r\n"
        with (
            socket.create_connection((str(parts.hostname), parts.port), timeout=READY_SECONDS) as plain,
            trust.wrap_socket(plain, server_hostname=parts.hostname) as connection,
        ):
            connection.sendall(f"{head}x-ms-page-write: update\r\nx-ms-range: bytes=0-511\r\n\r\nx".encode())
            return connection.recv(4096)

    def clear(self, first: int, end: int) -> Answer:
        """Clear pages."""
        headers = {"x-ms-page-write": "clear", "x-ms-range": f"bytes={first}-{end - 1}", "Content-Length": "0"}
        return self.served.send("PUT", f"{self.url}&comp=page", headers)

    def awaits_upload(self) -> bool:
        """Tell whether nobody may use it yet."""
        with self.served.region.database.read() as conn:
            found = disks.get_disk(conn, group=GROUP, name=self.name)
        assert found is not None
        return found.awaits_upload


def make(served: BlobRegion, shown: BlobFormat) -> UploadedDisk:
    name = f"up{next(NUMBERS)}"
    arm_id, path = served.disk_for_upload(name, SIZE)
    return UploadedDisk(served, name, arm_id, path, served.share(arm_id, access=AccessLevel.WRITE, shown=shown))


@pytest.fixture
def raw(served: BlobRegion) -> Iterator[UploadedDisk]:
    """Make a disk for raw bytes."""
    disk = make(served, BlobFormat.RAW)
    yield disk
    served.revoke(disk.arm_id)


@pytest.fixture
def vhd(served: BlobRegion) -> Iterator[UploadedDisk]:
    """Make a disk for a VHD."""
    disk = make(served, BlobFormat.VHD)
    yield disk
    served.revoke(disk.arm_id)


def test_pages_written_and_cleared_in_any_order_are_the_disk(raw: UploadedDisk) -> None:
    dice, model = random.Random(5), bytearray(SIZE)
    for _ in range(40):
        first = 512 * dice.randrange(SIZE // 512)
        end = min(SIZE, first + 512 * dice.randrange(1, 200))
        if dice.random() < 0.3:
            answer, model[first:end] = raw.clear(first, end), bytes(end - first)
        else:
            model[first:end] = dice.randbytes(end - first)
            answer = raw.put(first, bytes(model[first:end]))
        assert answer.status == 201, answer.body
    assert raw.served.send("GET", raw.url).body == model
    assert raw.served.revoke(raw.arm_id) is None
    assert raw.path.read_bytes() == model
    assert not raw.awaits_upload()


def test_a_fresh_upload_begins_with_zeros_and_cleared_ranges_take_no_room(served: BlobRegion) -> None:
    arm_id, path = served.disk_for_upload(f"up{next(NUMBERS)}", SIZE)
    path.write_bytes(b"x" * SIZE)
    url = served.share(arm_id, access=AccessLevel.WRITE)
    assert (served.send("GET", url).body == bytes(SIZE), path.stat().st_blocks) == (True, 0)
    served.revoke(arm_id)


def test_every_write_shows_a_new_entity_tag_and_a_stale_condition_writes_nothing(raw: UploadedDisk) -> None:
    tags = [raw.put(0, bytes([number]) * 512).headers["etag"] for number in range(5)]
    assert len(set(tags)) == 5
    assert raw.served.send("HEAD", raw.url).headers["etag"] == tags[-1]
    assert raw.put(0, b"z" * 512, {"If-Match": tags[0]}).status == 412
    assert raw.put(0, b"z" * 512, {"If-None-Match": "*"}).status == 412
    assert raw.served.send("GET", raw.url, {"x-ms-range": "bytes=0-511"}).body == b"\x04" * 512
    assert raw.put(0, b"z" * 512, {"If-Match": tags[-1]}).status == 201


def test_sequence_numbers_are_kept_and_are_conditions(raw: UploadedDisk) -> None:
    def act(action: str, number: int) -> str:
        headers = {"x-ms-sequence-number-action": action, "x-ms-blob-sequence-number": str(number), "Content-Length": "0"}
        return raw.served.send("PUT", f"{raw.url}&comp=properties", headers).headers["x-ms-blob-sequence-number"]

    assert [act("update", 5), act("max", 3), act("max", 9), act("increment", 0)] == ["5", "5", "9", "10"]
    conditions = [("le", 10, 201), ("le", 9, 412), ("lt", 11, 201), ("lt", 10, 412), ("eq", 10, 201), ("eq", 1, 412)]
    for word, number, status in conditions:
        answer = raw.put(0, bytes(512), {f"x-ms-if-sequence-number-{word}": str(number)})
        assert (answer.status, answer.headers["x-ms-blob-sequence-number"] if status == 201 else "10") == (status, "10")


def test_a_number_that_no_blob_has_is_refused(raw: UploadedDisk) -> None:
    largest = (1 << 63) - 1

    def act(action: str, number: int) -> int:
        headers = {"x-ms-sequence-number-action": action, "x-ms-blob-sequence-number": str(number), "Content-Length": "0"}
        return raw.served.send("PUT", f"{raw.url}&comp=properties", headers).status

    assert [act("update", largest + 1), act("max", 10**19 - 1), act("update", largest), act("increment", 0)] == [400, 400, 200, 400]
    create = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(SIZE), "Content-Length": "0"}
    assert raw.served.send("PUT", raw.url, create | {"x-ms-blob-sequence-number": str(largest + 1)}).status == 400
    assert raw.put(0, bytes(512), {"x-ms-if-sequence-number-lt": str(largest + 1)}).status == 400
    assert raw.served.send("HEAD", raw.url).headers["x-ms-blob-sequence-number"] == str(largest)


def test_a_body_that_trickles_is_answered_408(raw: UploadedDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 0.2)
    assert raw.put_head_only().startswith(b"HTTP/1.1 408 ")


def test_whoever_may_not_write_is_refused_before_the_body_has_come(raw: UploadedDisk) -> None:
    raw.served.revoke(raw.arm_id)
    assert raw.put_head_only().startswith(b"HTTP/1.1 403 ")


def test_bytes_that_were_damaged_on_the_way_are_not_written(raw: UploadedDisk) -> None:
    data, wrong = b"a" * 512, b"b" * 512
    encoder = StructuredEncoder(len(data))
    framed = b"".join([encoder.begin(), *encoder.frame(data), encoder.end()])
    structured = {"x-ms-structured-body": STRUCTURED_BODY, "x-ms-structured-content-length": "512", "x-ms-range": "bytes=0-511"}
    md5 = {"Content-MD5": base64.b64encode(hashlib.md5(data).digest()).decode()}  # noqa: S324 - the protocol's
    crc = {"x-ms-content-crc64": base64.b64encode(crc64(data)).decode()}
    refused = [
        (raw.put(0, wrong, md5), "Md5Mismatch"),
        (raw.put(0, wrong, crc), "Crc64Mismatch"),
        (raw.put(0, framed.replace(b"a", b"b", 1), structured), "Crc64Mismatch"),
        (raw.put(0, framed[:-9], structured), "InvalidHeaderValue"),
    ]
    assert [(answer.status, answer.headers["x-ms-error-code"]) for answer, _ in refused] == [(400, code) for _, code in refused]
    assert raw.served.send("GET", raw.url).body == bytes(SIZE)
    for answer in (raw.put(0, data, md5), raw.put(512, data, crc), raw.put(0, framed, structured)):
        assert answer.status == 201, answer.body
    assert raw.served.send("GET", raw.url).body[:1024] == data * 2


def test_what_is_no_page_write_is_refused(raw: UploadedDisk) -> None:
    def code(headers: Mapping[str, str], body: bytes = bytes(512)) -> tuple[int, str]:
        answer = raw.put(0, body, headers)
        return answer.status, answer.headers["x-ms-error-code"]

    assert code({"x-ms-range": "bytes=1-512"}) == (416, "InvalidPageRange")
    assert code({"x-ms-range": "bytes=0-510"}) == (416, "InvalidPageRange")
    assert code({"x-ms-range": "bytes=0-1023"}) == (400, "InvalidHeaderValue")
    assert code({"x-ms-range": f"bytes={SIZE}-{SIZE + 511}"}) == (416, "InvalidPageRange")
    assert code({"x-ms-page-write": "append"}) == (400, "InvalidHeaderValue")
    assert code({"x-ms-page-write": "clear"}) == (400, "InvalidHeaderValue")
    assert (
        b"A clear has no body, and this one has 512 bytes. Send Content-Length: 0"
        in raw.put(0, bytes(512), {"x-ms-page-write": "clear"}).body
    )
    assert code({"Content-Encoding": "gzip"}) == (400, "InvalidHeaderValue")
    assert b"Pages with the content encoding 'gzip' are not supported." in raw.put(0, bytes(512), {"Content-Encoding": "gzip"}).body
    large = (4 << 20) + 512
    assert code({"x-ms-range": f"bytes=0-{large - 1}"}, bytes(large)) == (400, "InvalidHeaderValue")
    assert code({"x-ms-range": "bytes=0-8388607"}, bytes(8 << 20)) == (413, "RequestBodyTooLarge")


def test_a_vhd_is_uploaded_without_its_footer_reaching_the_disk(vhd: UploadedDisk) -> None:
    data = random.Random(1).randbytes(SIZE)
    whole = data + encode_footer(size_bytes=SIZE, disk=OTHER_DISK)
    create = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(len(whole)), "Content-Length": "0"}
    assert vhd.served.send("PUT", vhd.url, create).status == 201
    assert vhd.put(0, whole[: SIZE // 2]).status == 201
    # Across the end of the disk.
    assert vhd.put(SIZE // 2, whole[SIZE // 2 :]).status == 201
    assert vhd.served.send("GET", vhd.url).body == whole
    assert vhd.served.revoke(vhd.arm_id) is None
    assert vhd.path.read_bytes() == data


@pytest.mark.parametrize("size", [SIZE, SIZE + 1024])
def test_a_blob_of_another_size_is_refused(vhd: UploadedDisk, size: int) -> None:
    create = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(size), "Content-Length": "0"}
    answer = vhd.served.send("PUT", vhd.url, create)
    assert (answer.status, str(SIZE + 512) in answer.body.decode()) == (400, True)


@pytest.mark.parametrize(
    "footer", [None, bytes(512), encode_footer(size_bytes=SIZE + 512, disk=OTHER_DISK), b"\0" * 60 + b"conectix".ljust(452, b"\1")]
)
def test_an_upload_without_a_sane_footer_fails_and_can_be_done_again(vhd: UploadedDisk, footer: bytes | None) -> None:
    assert vhd.put(0, b"a" * 512).status == 201
    if footer is not None:
        assert vhd.put(SIZE, footer).status == 201
    failure = vhd.served.revoke(vhd.arm_id)
    assert (getattr(failure, "code", None), vhd.awaits_upload()) == ("DiskUnsupported", True)
    assert vhd.put(0, b"a" * 512).status == 403
    url = vhd.served.share(vhd.arm_id, access=AccessLevel.WRITE)
    assert vhd.served.send("GET", url).body == bytes(SIZE)
    assert vhd.served.revoke(vhd.arm_id) is None


def test_while_it_is_uploaded_nobody_else_has_the_file(raw: UploadedDisk) -> None:
    with pytest.raises(RefusedError, match="exclusively"):
        open_raw_source(raw.path, allow_live=False)
    raw.served.revoke(raw.arm_id)
    open_raw_source(raw.path, allow_live=False).close()


def test_an_upload_goes_on_after_its_url_has_expired_and_another_was_granted(vhd: UploadedDisk) -> None:
    footer = encode_footer(size_bytes=SIZE, disk=OTHER_DISK)
    assert [vhd.put(0, b"a" * 512).status, vhd.put(SIZE, footer).status] == [201, 201]
    vhd.served.region.clock.sleep(3601)
    assert vhd.put(512, b"b" * 512).status == 403
    again = UploadedDisk(
        vhd.served, vhd.name, vhd.arm_id, vhd.path, vhd.served.share(vhd.arm_id, access=AccessLevel.WRITE, shown=BlobFormat.VHD)
    )
    assert again.put(512, b"b" * 512).status == 201
    assert vhd.served.revoke(vhd.arm_id) is None
    assert vhd.path.read_bytes()[:1024] == b"a" * 512 + b"b" * 512


def test_an_upload_goes_on_after_the_region_was_started_anew(raw: UploadedDisk) -> None:
    assert raw.put(0, b"a" * 512).status == 201
    # What a new process begins with: no file open.
    raw.served.region.context.uploads.discard(raw.path)
    assert raw.put(512, b"b" * 512).status == 201
    assert raw.served.send("GET", raw.url, {"x-ms-range": "bytes=0-1023"}).body == b"a" * 512 + b"b" * 512


def test_access_to_a_disk_whose_file_is_gone_can_be_revoked(raw: UploadedDisk) -> None:
    raw.served.region.context.uploads.discard(raw.path)
    raw.path.unlink()
    assert raw.put(0, bytes(512)).status == 400
    failure = raw.served.revoke(raw.arm_id)
    assert (getattr(failure, "code", None), raw.awaits_upload()) == ("DiskNotFound", True)
    assert raw.put(0, bytes(512)).status == 403


def test_a_disk_that_was_uploaded_is_read_and_not_written_again(raw: UploadedDisk) -> None:
    with pytest.raises(RefusedError, match="awaits its upload"):
        raw.served.share(raw.arm_id)
    raw.put(0, b"a" * 512)
    raw.served.revoke(raw.arm_id)
    assert raw.served.send("GET", raw.served.share(raw.arm_id)).body[:512] == b"a" * 512
    with pytest.raises(RefusedError, match="can be written, once"):
        raw.served.share(raw.arm_id, access=AccessLevel.WRITE)
