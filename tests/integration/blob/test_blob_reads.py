"""Reading disks through their URLs: headers, ranges, conditions, checksums, and every way to be refused."""

import base64
import hashlib

import pytest
from tests.integration.blob.blob_region import Answer, BlobRegion

from farpoint.codec.structured_body import decode_structured
from farpoint.model.access import BlobFormat
from farpoint.testing.stage import OS_BYTES, snapshot_arm_id


def code_of(answer: Answer) -> str:
    """Return the code in the header, which is that of the document."""
    code = answer.headers["x-ms-error-code"]
    assert f"<Code>{code}</Code>" in answer.body.decode()
    return code


def test_a_head_describes_a_page_blob_of_the_exact_size(served: BlobRegion) -> None:
    answer = served.send("HEAD", served.share(served.point("rp1")), {"x-ms-version": "2026-10-06", "x-ms-client-request-id": "abc"})
    assert (answer.status, answer.body) == (200, b"")
    expected = {
        "content-length": str(OS_BYTES),
        "x-ms-blob-type": "PageBlob",
        "accept-ranges": "bytes",
        "x-ms-blob-sequence-number": "0",
        "x-ms-version": "2026-10-06",
        "x-ms-client-request-id": "abc",
        "content-type": "application/octet-stream",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    assert answer.headers["etag"].startswith('"0x')
    assert answer.headers["last-modified"].endswith(" GMT")
    assert "x-ms-request-id" in answer.headers


def test_a_get_without_range_or_version_is_the_whole_disk(served: BlobRegion) -> None:
    for name in ("rp0", "rp1"):
        for disk in ("os", "data"):
            answer = served.send("GET", served.share(served.point(name, disk)))
            assert (answer.status, answer.body == served.captured(name, disk)) == (200, True)
            assert "content-range" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-511", 0, 512),
        ("bytes=65000-200001", 65000, 200002),
        (f"bytes={OS_BYTES - 1}-", OS_BYTES - 1, OS_BYTES),
        (f"bytes=70000-{10 * OS_BYTES}", 70000, OS_BYTES),
        ("bytes=-700", OS_BYTES - 700, OS_BYTES),
    ],
)
@pytest.mark.parametrize("header", ["Range", "x-ms-range"])
def test_ranges_are_served_exactly_and_cut_at_the_end(served: BlobRegion, header: str, asked: str, start: int, end: int) -> None:
    answer = served.send("GET", served.share(served.point("rp1")), {header: asked})
    assert (answer.status, answer.headers["content-range"]) == (206, f"bytes {start}-{end - 1}/{OS_BYTES}")
    assert answer.body == served.captured("rp1")[start:end]


def test_azures_range_header_goes_before_the_ordinary_one(served: BlobRegion) -> None:
    answer = served.send("GET", served.share(served.point("rp1")), {"Range": "bytes=0-9", "x-ms-range": "bytes=10-29"})
    assert answer.body == served.captured("rp1")[10:30]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (f"bytes={OS_BYTES}-", 416, "InvalidRange"),
        ("bytes=9-8", 416, "InvalidRange"),
        ("bytes=-", 400, "InvalidHeaderValue"),
        ("bytes=0-1,5-6", 400, "InvalidHeaderValue"),
        ("sectors=0-1", 400, "InvalidHeaderValue"),
    ],
)
def test_ranges_that_are_none_are_refused(served: BlobRegion, asked: str, status: int, code: str) -> None:
    answer = served.send("GET", served.share(served.point("rp1")), {"x-ms-range": asked})
    assert (answer.status, code_of(answer)) == (status, code)


def test_conditions_are_about_the_contents(served: BlobRegion) -> None:
    url, other = served.share(served.point("rp1")), served.share(served.point("rp0"))
    shown = served.send("HEAD", url).headers
    tag, stamp = shown["etag"], shown["last-modified"]
    old, later = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
    expected = [
        ({"If-Match": tag}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": served.send("HEAD", other).headers["etag"]}, 412),
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": '"0x1", "0x2"'}, 200),
        ({"If-Modified-Since": stamp}, 304),
        ({"If-Modified-Since": old}, 200),
        ({"If-Unmodified-Since": later}, 200),
        ({"If-Unmodified-Since": old}, 412),
        ({"x-ms-if-sequence-number-eq": "0"}, 200),
        ({"x-ms-if-sequence-number-lt": "0"}, 412),
        ({"If-Modified-Since": "yesterday"}, 400),
    ]
    for method in ("HEAD", "GET"):
        assert [served.send(method, url, headers).status for headers, _ in expected] == [status for _, status in expected]


def test_two_grants_of_the_same_contents_show_the_same_entity_tag(served: BlobRegion) -> None:
    point = served.point("rp1", "data")
    before = served.send("HEAD", served.share(point)).headers["etag"]
    served.revoke(point)
    assert served.send("HEAD", served.share(point)).headers["etag"] == before


def test_checksums_of_a_range_come_when_asked_for_and_only_for_small_ranges(served: BlobRegion) -> None:
    url, asked = served.share(served.point("rp1")), {"x-ms-range-get-content-md5": "true"}
    answer = served.send("GET", url, {**asked, "x-ms-range": "bytes=512-99999"})
    assert answer.headers["content-md5"] == base64.b64encode(hashlib.md5(served.captured("rp1")[512:100000]).digest()).decode()  # noqa: S324 - the protocol's
    assert [served.send("GET", url, {**asked, **more}).status for more in ({}, {"x-ms-range": "bytes=0-4194304"})] == [400, 400]


@pytest.mark.parametrize(("shown", "size"), [(BlobFormat.RAW, OS_BYTES), (BlobFormat.VHD, OS_BYTES + 512)])
def test_structured_bodies_carry_their_checksums(served: BlobRegion, shown: BlobFormat, size: int) -> None:
    served.revoke(served.point("rp1"))
    url = served.share(served.point("rp1"), shown=shown)
    answer = served.send("GET", url, {"x-ms-structured-body": "XSM/1.0; properties=crc64"})
    assert answer.headers["x-ms-structured-body"] == "XSM/1.0; properties=crc64"
    assert answer.headers["x-ms-structured-content-length"] == str(size)
    assert decode_structured(answer.body, length_bytes=size)[:OS_BYTES] == served.captured("rp1")
    assert served.send("GET", url, {"x-ms-structured-body": "XSM/9"}).status == 400
    served.revoke(served.point("rp1"))


def test_a_vhd_is_the_disk_and_a_footer_that_is_the_same_every_time(served: BlobRegion) -> None:
    served.revoke(served.point("rp0"))
    url = served.share(served.point("rp0"), shown=BlobFormat.VHD)
    assert "/vhd/" in url
    whole = served.send("GET", url).body
    assert (whole[:OS_BYTES] == served.captured("rp0"), whole[OS_BYTES : OS_BYTES + 8]) == (True, b"conectix")
    across = served.send("GET", url, {"x-ms-range": f"bytes={OS_BYTES - 100}-{OS_BYTES + 99}"}).body
    assert across == whole[OS_BYTES - 100 : OS_BYTES + 100]
    assert served.send("GET", url, {"x-ms-range": f"bytes={OS_BYTES}-"}).body == whole[OS_BYTES:]
    served.revoke(served.point("rp0"))


def test_a_disk_is_read_from_its_file(served: BlobRegion) -> None:
    url = served.share(served.stage_disk("data"), shown=BlobFormat.VHD)
    size = len(served.captured("rp1", "data"))
    answer = served.send("GET", url)
    assert (answer.body[:size] == served.captured("rp1", "data"), answer.body[size : size + 8]) == (True, b"conectix")
    before = served.send("HEAD", url).headers["etag"]
    path = served.stage.disk_path("data")
    path.touch()
    changed = served.send("GET", url, {"If-Match": before, "x-ms-range": "bytes=0-511"})
    assert (changed.status, code_of(changed)) == (412, "ConditionNotMet")
    served.revoke(served.stage_disk("data"))


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("sig=", "sig=A"), 403),
        (("si=", "si=0"), 403),
        (("sr=b", "sr=c"), 403),
        (("sv=2018-03-28", "sv=2019-03-28"), 403),
        (("/raw/", "/vhd/"), 403),
        (("/md", "/mdx"), 403),
        (("&sig=", "&nosig="), 403),
        (("?sv", "?comp=lease&sv"), 405),
    ],
)
def test_a_url_that_was_changed_is_refused(served: BlobRegion, change: tuple[str, str], status: int) -> None:
    url = served.share(served.point("rp1")).replace(*change)
    answer = served.send("GET", url)
    assert answer.status == status
    assert code_of(answer) in {"AuthenticationFailed", "UnsupportedHttpVerb"}
    assert served.send("HEAD", url.replace("comp=lease&", "")).status in {403, 200}
    assert "sig" not in answer.body.decode().lower().replace("signature", "")


def test_rule_11_what_the_signature_covers_is_values_not_text(served: BlobRegion) -> None:
    base, query = served.share(served.point("rp1")).split("?")
    shuffled = "&".join(sorted([*query.split("&"), "timeout=30", "sp=r"], reverse=True))
    assert served.send("HEAD", f"{base}?{shuffled}").status == 200


def test_a_host_name_of_a_managed_disk_makes_no_difference(served: BlobRegion) -> None:
    assert served.send("HEAD", served.share(served.point("rp1")), {"Host": "md-impexp-lab.z1.blob.lab.test"}).status == 200


def test_a_url_ends_with_its_time_and_at_once_when_revoked(served: BlobRegion) -> None:
    point = served.point("rp0", "data")
    served.revoke(point)
    url = served.share(point, seconds=60)
    assert served.share(point, seconds=120) == url
    served.region.clock.sleep(90)
    assert served.send("HEAD", url).status == 200
    served.region.clock.sleep(31)
    assert served.send("HEAD", url).status == 403
    again = served.share(point)
    assert again != url
    served.revoke(point)
    assert [served.send("GET", one).status for one in (url, again)] == [403, 403]


def test_a_disk_that_somebody_writes_is_not_served(served: BlobRegion) -> None:
    url = served.share(served.stage_disk("os"))
    upload = served.region.context.uploads.open(served.stage.disk_path("os"), size_bytes=OS_BYTES, check=lambda: None)
    assert upload.size_bytes == OS_BYTES
    answer = served.send("GET", url)
    assert (answer.status, code_of(answer)) == (409, "DiskInUse")
    served.region.context.uploads.discard(served.stage.disk_path("os"))
    assert served.send("GET", url).status == 200
    served.revoke(served.stage_disk("os"))


def test_a_url_granted_for_reading_does_not_write(served: BlobRegion) -> None:
    headers = {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511", "Content-Length": "512"}
    answer = served.send("PUT", served.share(served.point("rp1")) + "&comp=page", headers, bytes(512))
    assert (answer.status, code_of(answer)) == (403, "AuthorizationPermissionMismatch")


def test_a_snapshot_is_the_disk_as_it_was_and_its_pages_compare_with_the_disks_points(served: BlobRegion) -> None:
    served.region.run(served.stage.request_snapshot("s1"))
    url = served.share(snapshot_arm_id("s1"))
    answer = served.send("GET", url)
    assert (answer.status, answer.body == served.captured("rp1")) == (200, True)
    query = {"x-ms-version": "2026-10-06", "x-ms-previous-snapshot-url": served.share(served.point("rp1"))}
    changed = served.send("GET", f"{url}&comp=pagelist", query)
    assert (changed.status, b"<PageRange>" in changed.body) == (200, False), "nothing has changed since rp1"
    served.revoke(snapshot_arm_id("s1"))
    assert served.send("GET", url).status == 403
