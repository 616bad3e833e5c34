"""The peer protocol's fixed points: calls, versions and limits. Normative: docs/format/peer-protocol.md.

Every call is ``POST /peer/<call>`` with a JSON object that names the version it is written in (``v``). A region speaks its newest
version and the one before. Only ``identity`` answers whatever the version is, so that two regions can find the one they share.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from farpoint.errors import Code, RefusedError
from farpoint.units import MIB

VERSION: Final = 1
VERSION_OLDEST: Final = max(1, VERSION - 1)
#: Versions this program speaks, newest first.
VERSIONS: Final = tuple(range(VERSION, VERSION_OLDEST - 1, -1))

PATH_PREFIX: Final = "/peer/"

#: Nodes of one request: at most 0.5 MiB of answer.
NODES_MAX: Final = 256
#: Blocks of one request: a full stream of bytes with the smallest blocks.
BLOCKS_MAX: Final = 512
#: Payload after which a stream of blocks ends early; the client asks again for the rest. Long, because each request costs a round trip;
#: when a stream is cut only what was on its way is lost.
BATCH_BYTES_MAX: Final = 32 * MIB
#: Blocks measured by one request: 4 GiB of disk with 256 KiB blocks.
MEASURE_MAX: Final = 16_384
#: Changes of one page of a catalogue, and the size of its documents after which a page ends early.
CATALOGUE_MAX: Final = 256
CATALOGUE_BYTES_MAX: Final = 4 * MIB
#: Headers of one forwarded request or answer: ARM has about twenty.
HEADERS_MAX: Final = 64
#: Largest request body: a client's request of 4 MiB, forwarded in base 64.
REQUEST_BYTES_MAX: Final = 6 * MIB
#: Largest JSON answer: a collection with 500 points, forwarded in base 64; a hold carries a manifest with up to 64 disks.
ANSWER_BYTES_MAX: Final = 16 * MIB
#: Longest name, token or resource id in a message.
TEXT_LENGTH_MAX: Final = 2048


class Call(StrEnum):
    """What one region asks another."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    HOLDS_NAME = "holds-name"
    TELL = "tell"
    CATALOGUE = "catalogue"
    FORWARD = "forward"
    CLEAR_GROUP = "clear-group"
    HOLD = "hold"
    NODES = "nodes"
    MEASURE = "measure"
    BLOCKS = "blocks"
    RELEASE = "release"

    @property
    def path(self) -> str:
        """Path of the call on the peer listener."""
        return PATH_PREFIX + self.value


def check_version(version: int) -> None:
    """Refuse a message written in a version this program does not speak."""
    if version not in VERSIONS:
        spoken = ", ".join(str(known) for known in VERSIONS)
        raise RefusedError(
            Code.PEER_REFUSED,
            f"the request is in version {version} of the peer protocol, this region speaks {spoken}",
            hint="Upgrade the older region: neighbouring versions understand each other.",
        )


def shared_version(theirs: Iterable[int], *, peer: str) -> int:
    """Return the newest version both sides speak; refuse when there is none."""
    known = frozenset(theirs)
    for version in VERSIONS:
        if version in known:
            return version
    spoken, asked = ", ".join(str(one) for one in VERSIONS), ", ".join(str(one) for one in sorted(known, reverse=True))
    raise RefusedError(
        Code.PEER_REFUSED,
        f"peer {peer} speaks version {asked or 'none'} of the peer protocol, this region {spoken}",
        hint="Upgrade the older region: neighbouring versions understand each other.",
    )
