"""TCP segments bundled as a TUN device hands them over, and what is in such a bundle."""

import struct

from attrs import frozen

OFFLOAD = 10
IP, TCP = 20, 32
SEGMENT_BYTES = 1448
FIRST_ID, FIRST_SEQUENCE = 0xFFFE, 0xFFFF_FF00
FIN_PSH_ACK = 0x19


def bundle(segments: int, *, last_bytes: int = SEGMENT_BYTES) -> bytes:
    """Return *segments* segments with FIN and PSH set; their identification and sequence numbers run over."""
    payload = b"".join(bytes([place]) * SEGMENT_BYTES for place in range(segments - 1)) + bytes([segments - 1]) * last_bytes
    kind = (1, SEGMENT_BYTES) if segments > 1 else (0, 0)
    offload = struct.pack("=BBHHHH", 1, kind[0], IP + TCP, kind[1], IP, 16)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, IP + TCP + len(payload), FIRST_ID, 0x4000, 64, 6, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
    tcp = struct.pack("!HHIIBBHHH12x", 5000, 5001, FIRST_SEQUENCE, 7, (TCP // 4) << 4, FIN_PSH_ACK, 512, 0, 0)
    return offload + ip + tcp + payload


@frozen(kw_only=True)
class Shape:
    """The fields of a packet that differ between the segments of a bundle."""

    is_bundle: bool
    length: int
    identification: int
    sequence: int
    flags: int
    places: tuple[int, ...]


def shape(packet: bytes) -> Shape:
    """Read a packet; *places* are the segments it holds, by what their bytes say."""
    ip, tcp = packet[OFFLOAD : OFFLOAD + IP], packet[OFFLOAD + IP : OFFLOAD + IP + TCP]
    payload = packet[OFFLOAD + IP + TCP :]
    return Shape(
        is_bundle=packet[1] == 1,
        length=int.from_bytes(ip[2:4], "big"),
        identification=int.from_bytes(ip[4:6], "big"),
        sequence=int.from_bytes(tcp[4:8], "big"),
        flags=tcp[13],
        places=tuple(payload[::SEGMENT_BYTES]),
    )


def words_sum(data: bytes) -> int:
    """Return the sum of 16-bit words modulo 65535, 65535 standing for 0: a right header with its checksum gives 65535."""
    return sum(int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2)) % 0xFFFF or 0xFFFF
