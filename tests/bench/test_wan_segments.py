"""Bundled TCP segments are counted and cut as the sender would have sent them."""

import pytest
from bench.wan.segments import cut, segment_count, wire_bytes
from tests.bench.tcp_bundle import FIN_PSH_ACK, FIRST_ID, FIRST_SEQUENCE, IP, OFFLOAD, SEGMENT_BYTES, TCP, Shape, bundle, shape, words_sum


@pytest.mark.parametrize(("packet", "count"), [(bundle(1), 1), (bundle(5), 5), (bundle(5, last_bytes=1), 5)])
def test_segments_are_counted_and_each_takes_headers_on_the_wire(packet: bytes, count: int) -> None:
    assert segment_count(packet) == count
    payload_bytes = len(packet) - OFFLOAD - IP - TCP
    assert wire_bytes(packet) == payload_bytes + count * (IP + TCP)


def test_the_middle_of_a_bundle_carries_on_its_numbers_and_leaves_the_end_to_the_last() -> None:
    assert shape(cut(bundle(5), 2, 4)) == Shape(
        is_bundle=True,
        length=IP + TCP + 2 * SEGMENT_BYTES,
        identification=(FIRST_ID + 2) % (1 << 16),
        sequence=(FIRST_SEQUENCE + 2 * SEGMENT_BYTES) % (1 << 32),
        flags=0x10,
        places=(2, 3),
    )


def test_the_last_segment_alone_is_no_bundle_and_ends_the_stream() -> None:
    last = shape(cut(bundle(5, last_bytes=7), 4, 5))
    assert (last.is_bundle, last.length, last.flags, last.places) == (False, IP + TCP + 7, FIN_PSH_ACK, (4,))


@pytest.mark.parametrize(("first", "end"), [(0, 1), (0, 5), (1, 4), (4, 5)])
def test_what_is_cut_has_a_right_ip_checksum_and_the_sum_of_its_pseudo_header(first: int, end: int) -> None:
    part = cut(bundle(5, last_bytes=7), first, end)
    ip, tcp = part[OFFLOAD : OFFLOAD + IP], part[OFFLOAD + IP :]
    assert words_sum(ip) == 0xFFFF
    assert words_sum(tcp[16:18]) == words_sum(ip[12:20] + b"\0\6" + len(tcp).to_bytes(2, "big"))
