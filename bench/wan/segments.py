"""What one read of a TUN device gives: an IPv4 packet, or many TCP segments as one, with the header that says so (virtio_net_hdr).

The kernel hands over up to 64 KiB at once though the link's MTU is 1500: that is what lets Python carry a gigabit. A link loses
segments, not such bundles, so a bundle can be cut. Pure.
"""

import struct
from typing import Final

#: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset; in the machine's byte order.
_OFFLOAD: Final = struct.Struct("=BBHHHH")
OFFLOAD_BYTES: Final = _OFFLOAD.size
_NO_BUNDLE: Final = 0
_TCP: Final = 6
#: Flags that belong to the last segment of a bundle: FIN and PSH.
_LAST_ONLY: Final = 0x01 | 0x08


def segment_count(packet: bytes) -> int:
    """Return how many segments travel as one in *packet*."""
    bundle, segment_bytes, _ = _offload(packet)
    if bundle == _NO_BUNDLE:
        return 1
    return -(-(len(packet) - _headers_end(packet)) // segment_bytes)


def wire_bytes(packet: bytes) -> int:
    """Return how many bytes *packet* takes on a wire, where each segment has headers of its own."""
    whole = len(packet) - OFFLOAD_BYTES
    count = segment_count(packet)
    return whole if count == 1 else whole + (count - 1) * (_headers_end(packet) - OFFLOAD_BYTES)


def cut(packet: bytes, first: int, end: int) -> bytes:
    """Return segments *first* to *end* (excluded) of a bundle, as the sender would have sent them."""
    bundle, segment_bytes, tcp = _offload(packet)
    count = segment_count(packet)
    assert bundle != _NO_BUNDLE, "only a bundle can be cut"
    assert 0 <= first < end <= count, "the cut lies inside the bundle"
    start = _headers_end(packet)
    headers = bytearray(packet[:start])
    payload = packet[start + first * segment_bytes : start + end * segment_bytes]
    if end - first == 1:
        headers[1] = _NO_BUNDLE
        struct.pack_into("=H", headers, 4, 0)
    ip = OFFLOAD_BYTES
    _renew_headers(headers, ip, tcp, payload_bytes=len(payload))
    _add(headers, "!H", ip + 4, first)
    _add(headers, "!I", tcp + 4, first * segment_bytes)
    if end < count:
        headers[tcp + 13] &= ~_LAST_ONLY
    struct.pack_into("!H", headers, ip + 10, 0)
    struct.pack_into("!H", headers, ip + 10, 0xFFFF ^ _ones_sum(headers[ip:tcp]))
    return bytes(headers) + payload


def _offload(packet: bytes) -> tuple[int, int, int]:
    """Return the kind of bundle, the bytes of a segment, and where the TCP header starts."""
    _, bundle, _, segment_bytes, csum_start, _ = _OFFLOAD.unpack_from(packet)
    return int(bundle), int(segment_bytes), OFFLOAD_BYTES + int(csum_start)


def _headers_end(packet: bytes) -> int:
    tcp = _offload(packet)[2]
    return tcp + (packet[tcp + 12] >> 4) * 4


def _add(headers: bytearray, kind: str, offset: int, number: int) -> None:
    (old,) = struct.unpack_from(kind, headers, offset)
    struct.pack_into(kind, headers, offset, (old + number) % (1 << 8 * struct.calcsize(kind)))


def _renew_headers(headers: bytearray, ip: int, tcp: int, *, payload_bytes: int) -> None:
    """Write the length, and the sum over the pseudo header that the kernel completes to a checksum where it is needed."""
    tcp_bytes = len(headers) - tcp + payload_bytes
    struct.pack_into("!H", headers, ip + 2, tcp - ip + tcp_bytes)
    pseudo = bytes(headers[ip + 12 : ip + 20]) + struct.pack("!HH", _TCP, tcp_bytes)
    struct.pack_into("!H", headers, tcp + 16, _ones_sum(pseudo))


def _ones_sum(data: bytes | bytearray) -> int:
    """Return the folded one's-complement sum of 16-bit words."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total
