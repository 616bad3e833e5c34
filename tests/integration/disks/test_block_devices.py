"""Real block devices (loop) and what the kernel does with them: mounts, partitions, swap, namespaces, bad media."""

import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from attrs import evolve

from farpoint.clock import SystemClock
from farpoint.disks import device_target
from farpoint.disks.in_use import find_users
from farpoint.disks.inspect import inspect_disk
from farpoint.disks.open_target import open_target
from farpoint.disks.pools import DiskPools
from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.target import RestoreTarget, Resume, TargetRequest, TargetState
from farpoint.errors import Code, RefusedError
from farpoint.model.disk import Extent, ExtentKind
from farpoint.model.manifest import ChangeDetection

pytestmark = [pytest.mark.root, pytest.mark.needs_tool("losetup")]

KIB = 1 << 10
MIB = 1 << 20
SIZE = 8 * MIB
BLOCK = memoryview(b"b" * (256 * KIB))

Attach = Callable[..., Path]
Run = Callable[..., str]


@pytest.fixture
def backing(tmp_path: Path) -> Path:
    path = tmp_path / "backing of device"
    with path.open("wb") as file:
        file.truncate(SIZE)
    return path


@pytest.fixture
def device(backing: Path, attach_loop: Attach) -> Path:
    return attach_loop(backing)


def open_on(device: Path, *, size: int = SIZE, overwrite: bool = False, resume: Resume | None = None) -> RestoreTarget:
    request = TargetRequest(path=device, size_bytes=size, data_bytes=size, overwrite=overwrite, resume=resume)
    return open_target(request, clock=SystemClock(), wait=None)


def refusal_of(device: Path, *, size: int = SIZE, overwrite: bool = False) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        open_on(device, size=size, overwrite=overwrite).close()
    return caught.value


def test_a_block_device_is_a_disk_of_its_size(device: Path) -> None:
    facts = inspect_disk(device)
    assert (facts.size_bytes, facts.is_block_device) == (SIZE, True)


def test_a_block_device_is_all_data_and_says_that_changes_cannot_be_seen(backing: Path, device: Path) -> None:
    buffer = bytearray(2 * KIB)
    with closing(open_raw_source(device, allow_live=False)) as source:
        assert list(source.extents()) == [Extent(0, SIZE, ExtentKind.DATA)]
        assert source.change_detection is ChangeDetection.NOT_POSSIBLE
        device.write_bytes(b"x" * KIB)
        source.check_unchanged()
        source.read_into(0, memoryview(buffer))
        assert bytes(buffer) == b"x" * KIB + bytes(KIB)


def test_a_range_that_cannot_be_read_is_named(backing: Path, device: Path) -> None:
    with closing(open_raw_source(device, allow_live=False)) as source:
        os.truncate(backing, 4 * MIB)
        with pytest.raises(RefusedError) as caught:
            source.read_into(6 * MIB, memoryview(bytearray(64 * KIB)))
    assert caught.value.code is Code.DISK_UNREADABLE
    assert (caught.value.place.offset_bytes, caught.value.place.length_bytes) == (6 * MIB, 64 * KIB)
    assert f"bytes {6 * MIB}-{6 * MIB + 64 * KIB - 1}" in caught.value.message


@pytest.mark.needs_tool("mke2fs")
def test_a_mounted_device_and_the_file_behind_it_are_in_use(backing: Path, device: Path, run: Run, mount: Attach) -> None:
    run("mke2fs", "-q", "-t", "ext4", device)
    folder = mount(device)
    assert find_users(device) == (f"{device} is mounted at {folder}",)
    assert find_users(backing) == (f"{backing} is mounted at {folder}, through {device}",)
    with pytest.raises(RefusedError) as caught:
        open_raw_source(device, allow_live=False)
    assert caught.value.code is Code.DISK_IN_USE
    assert refusal_of(device, overwrite=True).code is Code.DISK_IN_USE
    assert refusal_of(backing, overwrite=True).code is Code.DISK_IN_USE


def test_a_file_attached_for_writing_is_in_use_and_one_attached_for_reading_is_not(backing: Path, attach_loop: Attach) -> None:
    attach_loop(backing, "--read-only")
    assert find_users(backing) == ()
    device = attach_loop(backing)
    assert find_users(backing) == (f"{backing} is attached to {device} for writing (losetup -d {device} lets it go)",)
    assert find_users(device) == ()


@pytest.mark.needs_tool("mke2fs", "addpart")
def test_a_disk_with_a_mounted_partition_is_in_use(backing: Path, attach_loop: Attach, run: Run, mount: Attach, undo: ExitStack) -> None:
    device = attach_loop(backing, "--partscan")
    run("addpart", device, "1", "2048", "8192")
    undo.callback(run, "delpart", device, "1")
    partition = Path(f"{device}p1")
    run("mke2fs", "-q", "-t", "ext4", partition)
    folder = mount(partition)
    assert find_users(device) == (f"{device} is mounted at {folder}",)
    assert find_users(partition) == (f"{partition} is mounted at {folder}",)
    assert find_users(backing) == (f"{backing} is mounted at {folder}, through {device}",)
    assert refusal_of(device, overwrite=True).code is Code.DISK_IN_USE


@pytest.mark.needs_tool("mkswap", "swapon")
def test_a_device_used_as_swap_is_in_use(device: Path, run: Run, undo: ExitStack) -> None:
    run("mkswap", device)
    if subprocess.run(["swapon", device], check=False, capture_output=True).returncode:
        pytest.skip("this machine allows no swap")
    undo.callback(run, "swapoff", device)
    assert find_users(device) == (f"{device} is used as swap",)


@pytest.mark.needs_tool("mke2fs", "unshare")
def test_a_device_mounted_in_another_namespace_is_in_use(
    device: Path, tmp_path: Path, run: Run, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    run("mke2fs", "-q", "-t", "ext4", device)
    (tmp_path / "inside").mkdir()
    script = f"mount {device} '{tmp_path}/inside' && echo mounted && read -r _; umount '{tmp_path}/inside'"
    container = start("unshare", "--mount", "sh", "-c", script)
    assert container.stdout is not None
    assert container.stdout.readline() == "mounted\n"
    assert find_users(device) == (f"{device} is held exclusively (mounted, or opened by another program, perhaps in a container)",)
    container.communicate("\n")
    assert find_users(device) == ()


def test_a_restored_device_holds_the_disk_and_its_zeros_are_zeros(backing: Path, device: Path) -> None:
    device.write_bytes(b"\xff" * SIZE)
    with closing(open_on(device, size=6 * MIB, overwrite=True)) as target:
        target.write_zeros(0, MIB)
        target.write_at(MIB, BLOCK)
        target.write_zeros(MIB + len(BLOCK), 5 * MIB - len(BLOCK))
        assert target.publish() == device
    expected = bytes(MIB) + bytes(BLOCK) + bytes(5 * MIB - len(BLOCK)) + b"\xff" * (2 * MIB)
    assert device.read_bytes() == expected
    assert backing.read_bytes() == expected


def test_a_device_that_cannot_zero_ranges_is_written_zeros(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device.write_bytes(b"\xff" * SIZE)
    monkeypatch.setattr(device_target, "_BLKZEROOUT", 0x12FF)
    with closing(open_on(device, overwrite=True)) as target:
        target.write_zeros(512, 3 * MIB)
        target.write_zeros(4 * MIB, 512)
        target.publish()
    one, two = b"\xff" * 512, b"\xff" * (MIB - 512)
    assert device.read_bytes() == one + bytes(3 * MIB) + two + bytes(512) + b"\xff" * (4 * MIB - 512)


@pytest.mark.parametrize("offset", [0, 4096, MIB - 1, SIZE // 2, SIZE - 4096, SIZE - 1])
def test_a_device_with_something_on_it_is_refused(device: Path, offset: int) -> None:
    with device.open("r+b") as file:
        file.seek(offset)
        file.write(b"\1")
    refusal = refusal_of(device)
    assert refusal.code is Code.TARGET_NOT_EMPTY
    assert f"byte {offset} is not zero" in refusal.message


def test_what_lies_between_the_samples_is_found_before_the_first_write(device: Path) -> None:
    offset = SIZE // 2 + 100 * KIB + 77
    with device.open("r+b") as file:
        file.seek(offset)
        file.write(b"precious")
    told = list[int]()
    with closing(open_on(device)) as target:
        with pytest.raises(RefusedError, match=f"byte {offset} is not zero") as caught:
            target.look_for_data(told.append)
        assert caught.value.code is Code.TARGET_NOT_EMPTY
    with closing(open_on(device, size=SIZE // 2)) as target:
        # What lies behind the disk stays.
        target.look_for_data(told.append)
    with closing(open_on(device, overwrite=True)) as target:
        target.look_for_data(lambda _looked: pytest.fail("it may be overwritten", pytrace=False))
    assert told[-1] == SIZE // 2


def test_a_device_that_is_too_small_is_refused(device: Path) -> None:
    refusal = refusal_of(device, size=SIZE + 512)
    assert refusal.code is Code.DISK_UNSUPPORTED
    assert f"{SIZE} bytes" in refusal.message


def test_a_device_that_is_read_only_is_refused(backing: Path, attach_loop: Attach) -> None:
    assert refusal_of(attach_loop(backing, "--read-only")).code is Code.DISK_UNWRITABLE


def test_a_restore_onto_a_device_is_resumed(device: Path) -> None:
    first = open_on(device)
    assert first.state is TargetState.FRESH
    first.write_at(0, BLOCK)
    first.sync()
    first.close()
    resume = Resume(identity=first.identity, synced_bytes=len(BLOCK))
    with closing(open_on(device, resume=resume)) as again:
        assert (again.state, again.synced_bytes) == (TargetState.RESUMED, len(BLOCK))
        again.publish()
    assert refusal_of(device).code is Code.TARGET_NOT_EMPTY


def test_a_device_on_which_another_operation_synced_nothing_is_anybodys(device: Path) -> None:
    first = open_on(device)
    first.write_at(0, BLOCK)
    first.sync()
    first.close()
    resume = Resume(identity=first.identity, synced_bytes=0)
    with pytest.raises(RefusedError) as caught:
        open_on(device, resume=resume)
    assert caught.value.code is Code.TARGET_NOT_EMPTY
    with closing(open_on(device, resume=evolve(resume, same_operation=True))) as again:
        assert again.state is TargetState.RESUMED


def test_a_restore_is_not_resumed_onto_another_medium_under_the_same_name(
    device: Path, backing: Path, tmp_path: Path, attach_loop: Attach
) -> None:
    first = open_on(device)
    first.close()
    (tmp_path / "other").write_bytes(b"precious" * (SIZE // 8))
    other = attach_loop(tmp_path / "other")
    with pytest.raises(RefusedError) as caught:
        open_on(other, resume=Resume(identity=first.identity, synced_bytes=512))
    assert caught.value.code is Code.TARGET_NOT_EMPTY


def test_the_same_medium_is_recognised_on_another_device_number(backing: Path, attach_loop: Attach) -> None:
    first, second = open_on(attach_loop(backing)), attach_loop(backing)
    first.close()
    with closing(open_on(second, resume=Resume(identity=first.identity, synced_bytes=512))) as target:
        assert target.state is TargetState.RESUMED


def test_a_device_being_restored_cannot_be_restored_captured_or_mounted(device: Path) -> None:
    with closing(open_on(device)):
        refusal = refusal_of(device)
        assert refusal.code is Code.DISK_LOCKED
        assert f"process {os.getpid()}" in refusal.message
        with pytest.raises(RefusedError, match="exclusively, as a restore does"):
            open_raw_source(device, allow_live=False)
        with pytest.raises(OSError, match="busy"):
            os.close(os.open(device, os.O_RDONLY | os.O_EXCL))


def test_a_second_restore_onto_a_device_waits_for_the_first(device: Path) -> None:
    first = open_on(device)
    request = TargetRequest(path=device, size_bytes=SIZE, data_bytes=SIZE)
    with closing(open_target(request, clock=SystemClock(), wait=first.close)) as second:
        assert second.state is TargetState.FRESH


def test_a_pool_may_be_a_device_or_a_folder_of_dev(device: Path, tmp_path: Path) -> None:
    assert DiskPools((device,)).resolve(device) == device
    assert DiskPools((Path("/dev"),)).resolve(device) == device
    assert DiskPools((device, tmp_path)).default_path(region="r", group="g", disk="d") == tmp_path / "r/g/d.raw"
    for pools in (DiskPools((tmp_path,)), DiskPools((Path("/dev/loop-none"),))):
        with pytest.raises(RefusedError) as caught:
            pools.resolve(device)
        assert caught.value.code is Code.DISK_OUTSIDE_POOLS


def test_links_that_the_system_keeps_below_dev_may_be_used(device: Path, undo: ExitStack) -> None:
    folder = Path("/dev") / f"farpoint-test-{os.getpid()}"
    folder.mkdir()
    undo.callback(folder.rmdir)
    (folder / "volume").symlink_to(f"../{device.name}")
    undo.callback((folder / "volume").unlink)
    assert DiskPools((folder,)).resolve(folder / "volume") == device
    (folder / "out").symlink_to("/etc/hostname")
    undo.callback((folder / "out").unlink)
    with pytest.raises(RefusedError):
        DiskPools((folder,)).resolve(folder / "out")
