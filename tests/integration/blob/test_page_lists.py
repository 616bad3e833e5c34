"""Page lists: complete, sorted, and never less than what holds data; changes between two points against the bytes themselves."""

import re
from urllib.parse import quote

from tests.integration.blob.blob_region import Answer, BlobRegion

from farpoint.model.access import BlobFormat
from farpoint.testing.stage import BLOCK_BYTES, OS_BYTES

ELEMENT = re.compile(r"<(PageRange|ClearRange)><Start>(\d+)</Start><End>(\d+)</End></\1>")
Range = tuple[str, int, int]


def ranges(answer: Answer) -> list[Range]:
    """Return (element, start, end) in the order of the document, which is nothing else."""
    assert answer.status == 200, answer.body
    text = answer.body.decode()
    inner = text.removeprefix('<?xml version="1.0" encoding="utf-8"?><PageList>').removesuffix("</PageList>")
    assert ELEMENT.sub("", inner) == ""
    return [(kind, int(start), int(end) + 1) for kind, start, end in ELEMENT.findall(inner)]


def blocks_where(new: bytes, old: bytes) -> list[Range]:
    """Return what should be listed: blocks that differ, those that touch and changed alike joined."""
    found: list[Range] = []
    for start in range(0, len(new), BLOCK_BYTES):
        one, other = new[start : start + BLOCK_BYTES], old[start : start + BLOCK_BYTES]
        if one == other:
            continue
        kind, end = ("PageRange" if any(one) else "ClearRange"), start + len(one)
        if found and found[-1][0] == kind and found[-1][2] == start:
            found[-1] = (kind, found[-1][1], end)
        else:
            found.append((kind, start, end))
    return found


def test_the_list_of_a_point_is_its_data_in_whole_blocks_joined_and_sorted(served: BlobRegion) -> None:
    for name in ("rp0", "rp1"):
        data = served.captured(name)
        answer = served.send("GET", served.share(served.point(name)) + "&comp=pagelist")
        assert ranges(answer) == blocks_where(data, bytes(len(data)))
        assert (answer.headers["x-ms-blob-content-length"], answer.headers["content-type"]) == (str(OS_BYTES), "application/xml")


def test_the_footer_of_a_vhd_is_listed(served: BlobRegion) -> None:
    served.revoke(served.point("rp1", "data"))
    url = served.share(served.point("rp1", "data"), shown=BlobFormat.VHD)
    size = len(served.captured("rp1", "data"))
    assert ranges(served.send("GET", f"{url}&comp=pagelist"))[-1] == ("PageRange", size, size + 512)
    served.revoke(served.point("rp1", "data"))


def test_a_list_can_be_asked_for_a_range_and_is_cut_to_it(served: BlobRegion) -> None:
    url = served.share(served.point("rp0")) + "&comp=pagelist"
    assert ranges(served.send("GET", url, {"x-ms-range": "bytes=512-66047"})) == [("PageRange", 512, 66048)]
    assert ranges(served.send("GET", url, {"x-ms-range": f"bytes={7 * BLOCK_BYTES}-{9 * BLOCK_BYTES - 1}"})) == []


def test_rule_9_a_list_is_complete_and_sorted_and_comes_in_pages_only_when_asked_for(served: BlobRegion) -> None:
    url = served.share(served.point("rp0")) + "&comp=pagelist"
    whole = ranges(served.send("GET", url))
    paged: list[Range] = []
    marker = ""
    for _ in range(len(whole)):
        text = served.send("GET", f"{url}&maxresults=1{marker}").body.decode()
        paged += [(kind, int(start), int(end) + 1) for kind, start, end in ELEMENT.findall(text)]
        following = re.search(r"<NextMarker>(.*)</NextMarker>", text)
        if following is None:
            break
        marker = f"&marker={quote(following[1])}"
    assert paged == whole
    assert [served.send("GET", f"{url}&{bad}").status for bad in ("maxresults=0", "maxresults=x", "marker=-1", "marker=99999999")] == [
        400
    ] * 4


def test_the_list_of_a_disk_covers_every_byte_that_is_not_zero(served: BlobRegion) -> None:
    url = served.share(served.stage_disk("os")) + "&comp=pagelist"
    data, shown = served.captured("rp1"), bytearray(OS_BYTES)
    for _, start, end in ranges(served.send("GET", url)):
        assert start % 512 == end % 512 == 0
        shown[start:end] = data[start:end]
    assert shown == data
    served.revoke(served.stage_disk("os"))


def test_changes_between_two_points_are_exactly_the_blocks_that_differ(served: BlobRegion) -> None:
    older, newer = served.captured("rp0"), served.captured("rp1")
    assert {kind for kind, _, _ in blocks_where(newer, older)} == {"PageRange", "ClearRange"}
    url, previous = served.share(served.point("rp1")), served.share(served.point("rp0"))
    answer = served.send("GET", f"{url}&comp=pagelist", {"x-ms-previous-snapshot-url": previous})
    assert ranges(answer) == blocks_where(newer, older)
    # Backwards: what would undo the change.
    answer = served.send("GET", f"{previous}&comp=pagelist", {"x-ms-previous-snapshot-url": url})
    assert ranges(answer) == blocks_where(older, newer)
    assert ranges(served.send("GET", f"{url}&comp=pagelist", {"x-ms-previous-snapshot-url": url})) == []
    part = {"x-ms-previous-snapshot-url": previous, "x-ms-range": "bytes=65536-66047"}
    assert ranges(served.send("GET", f"{url}&comp=pagelist", part)) == [("PageRange", 65536, 66048)]


def test_what_cannot_be_compared_is_refused(served: BlobRegion) -> None:
    url = served.share(served.point("rp1")) + "&comp=pagelist"
    other_disk, file = served.share(served.point("rp0", "data")), served.share(served.stage_disk("os"))
    forged = served.share(served.point("rp0")).replace("sig=", "sig=A")
    previous = [(other_disk, 409), (file, 409), (forged, 403), ("no url", 400)]
    asked = [served.send("GET", url, {"x-ms-previous-snapshot-url": one}).status for one, _ in previous]
    assert asked == [status for _, status in previous]
    assert served.send("GET", f"{url}&prevsnapshot=2026-11-01T00:00:00.0000000Z").status == 409
    served.revoke(served.stage_disk("os"))
