"""A disk that a PC boots: its first sector reads another one from the disk, writes that to the serial port, and ends the machine."""

import struct
from pathlib import Path

SECTOR_BYTES = 512
_ORIGIN = 0x7C00
_BUFFER = 0x8000
_SIGNATURE = b"\x55\xaa"
#: The status that QEMU ends with when the program wrote _EXIT_VALUE to its isa-debug-exit device.
_EXIT_PORT, _EXIT_VALUE = 0xF4, 0x10
EXIT_STATUS = _EXIT_VALUE << 1 | 1


def boot_sector(message_sector: int) -> bytes:
    """Return the first sector: 16-bit code that BIOS loads to 0x7c00."""
    code = bytes.fromhex(
        "31c0 8ed8 8ec0 8ed0 bc007c"  # xor ax,ax; ds = es = ss = ax; sp = 0x7c00
        "be0000 b442 cd13 720e"  # si = packet, patched below; BIOS: extended read; on error go to the end
        "be0080"  # si = _BUFFER
        "ac 84c0 7406"  # next: al = [si++]; zero ends the text
        "baf803 ee ebf5"  # write it to the first serial port; again
        "baf400 b010 ee f4"  # end: write _EXIT_VALUE to _EXIT_PORT; halt
    )
    code = code.replace(b"\xbe\x00\x00", b"\xbe" + struct.pack("<H", _ORIGIN + len(code)), 1)
    packet = struct.pack("<BBHHHQ", 16, 0, 1, _BUFFER, 0, message_sector)
    return (code + packet).ljust(SECTOR_BYTES - len(_SIGNATURE), b"\0") + _SIGNATURE


def make_bootable(path: Path, message: str) -> None:
    """Let the image at *path* boot and say *message*, which lies in its last sector; what is between stays."""
    last = path.stat().st_size // SECTOR_BYTES - 1
    with path.open("r+b") as file:
        file.write(boot_sector(last))
        file.seek(last * SECTOR_BYTES)
        file.write(message.encode("ascii").ljust(SECTOR_BYTES, b"\0"))
