"""CRC-64/NVME, the checksum of Azure Storage's structured bodies and of ``x-ms-content-crc64``."""

from typing import Final

import anycrc  # type: ignore[import-untyped]  # it has no types

from farpoint.codec.frame import Buffer

CRC64_BYTES: Final = 8
_MODEL: Final = anycrc.Model("CRC64-NVME")


class Crc64:
    """A running checksum."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._value = 0

    def update(self, data: Buffer) -> None:
        """Take *data* into the sum."""
        self._value = int(_MODEL.calc(data, self._value))

    @property
    def digest(self) -> bytes:
        """The checksum so far, little-endian."""
        return self._value.to_bytes(CRC64_BYTES, "little")


def crc64(data: Buffer) -> bytes:
    """Return the checksum of *data*, little-endian."""
    crc = Crc64()
    crc.update(data)
    return crc.digest
