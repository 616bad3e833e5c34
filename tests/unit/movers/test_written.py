"""What an earlier run wrote is believed only when it is read back and is the state's own."""

import pytest

from farpoint.model.disk import BLOCK_BYTES_MIN
from farpoint.movers.lanes import InlineLanes, Lanes, ThreadLanes
from farpoint.movers.restore import RestoreParts
from farpoint.movers.written import is_as_written
from farpoint.testing.memory_disks import MemoryTarget
from farpoint.testing.small_vault import SmallVault

DATA, HOLE, SECTOR = b"data" * (BLOCK_BYTES_MIN // 4), bytes(BLOCK_BYTES_MIN), b"t" * 512
DISK = DATA + HOLE + DATA * 70 + HOLE + SECTOR


def proved(found: bytes, *, lanes: Lanes, told: list[int] | None = None) -> bool:
    """Restore DISK onto a target that holds *found*, all of it synced."""
    vault = SmallVault("eastus", seed=1)
    state = vault.capture(DISK).state
    target = MemoryTarget(len(DISK), synced=found)
    parts = RestoreParts(vault=vault.vault, lanes=lanes, scope=vault.scope, disk="os", state=state, target=target)
    return is_as_written(parts, (told if told is not None else []).append)


@pytest.mark.parametrize("lanes", [InlineLanes(), ThreadLanes(2)], ids=["inline", "threads"])
@pytest.mark.parametrize("blocks", [1, 2, 3, 71, 73])
def test_what_was_written_is_believed(lanes: Lanes, blocks: int) -> None:
    told: list[int] = []
    assert proved(DISK[: blocks * BLOCK_BYTES_MIN], lanes=lanes, told=told)
    assert max(told) == blocks * BLOCK_BYTES_MIN


def test_the_whole_disk_is_believed_up_to_its_last_sector() -> None:
    assert proved(DISK, lanes=InlineLanes())


@pytest.mark.parametrize("place", [0, BLOCK_BYTES_MIN, 40 * BLOCK_BYTES_MIN + 5, len(DISK) - 1], ids=["first", "hole", "middle", "last"])
def test_one_changed_bit_is_not(place: int) -> None:
    found = bytearray(DISK)
    found[place] ^= 1
    assert not proved(bytes(found), lanes=InlineLanes())


def test_where_nothing_was_synced_nothing_is_read() -> None:
    told: list[int] = []
    assert proved(b"", lanes=InlineLanes(), told=told)
    assert told == []
