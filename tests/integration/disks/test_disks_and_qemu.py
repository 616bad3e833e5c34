"""QEMU and we keep out of each other's way: real QEMU processes, on files and on loop devices."""

import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.clock import SystemClock
from farpoint.disks.in_use import find_users, refuse_if_in_use
from farpoint.disks.open_target import open_target
from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.target import TargetRequest
from farpoint.errors import Code, RefusedError
from farpoint.model.manifest import ChangeDetection

pytestmark = pytest.mark.needs_tool("qemu-io", "qemu-img", "qemu-nbd")

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "os.raw"
    path.write_bytes(b"disk" * (MIB // 4))
    return path


def qemu_io(start: Callable[..., "subprocess.Popen[str]"], disk: Path, command: str, *options: str) -> "subprocess.Popen[str]":
    """Let a QEMU open the disk, do one thing, and keep it open."""
    process = start("qemu-io", "-f", "raw", *options, disk)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{command}\n")
    process.stdin.flush()
    assert "512" in process.stdout.readline()
    return process


def try_qemu_io(disk: Path, command: str, *options: str) -> tuple[int, str]:
    words = ["qemu-io", "-f", "raw", *options, "-c", command, str(disk)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_disk_that_qemu_has_open_for_writing_is_in_use(disk: Path, start: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = qemu_io(start, disk, "write 0 512")
    users = find_users(disk)
    assert len(users) == 1
    assert f"process {process.pid} (qemu-io)" in users[0]
    with pytest.raises(RefusedError) as caught:
        open_raw_source(disk, allow_live=False)
    assert caught.value.code is Code.DISK_IN_USE
    assert "--allow-live" in caught.value.hint


def test_a_disk_that_qemu_nbd_serves_for_writing_is_in_use(
    disk: Path, tmp_path: Path, start: Callable[..., "subprocess.Popen[str]"], run: Callable[..., str]
) -> None:
    run("qemu-nbd", "--fork", "--persistent", "--format=raw", f"--pid-file={tmp_path}/pid", f"--socket={tmp_path}/nbd", disk)
    pid = int((tmp_path / "pid").read_text())
    try:
        with pytest.raises(RefusedError, match=f"process {pid} \\(qemu-nbd\\)"):
            refuse_if_in_use(disk, allow_live=False)
        refuse_if_in_use(disk, allow_live=True)
    finally:
        run("kill", str(pid))


def test_a_live_capture_reads_a_disk_in_use_and_says_that_it_looks_for_no_change(
    disk: Path, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    qemu_io(start, disk, "write -P 7 0 512")
    buffer = bytearray(1024)
    with closing(open_raw_source(disk, allow_live=True)) as source:
        source.read_into(0, memoryview(buffer))
        assert source.change_detection is ChangeDetection.NOT_ASKED
    assert bytes(buffer) == b"\x07" * 512 + b"disk" * 128


def test_a_disk_that_qemu_only_reads_is_free(disk: Path, start: Callable[..., "subprocess.Popen[str]"]) -> None:
    qemu_io(start, disk, "read 0 512", "-r")
    assert find_users(disk) == ()
    open_raw_source(disk, allow_live=False).close()


def test_a_disk_is_free_again_when_qemu_has_ended(disk: Path, start: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = qemu_io(start, disk, "write 0 512")
    process.kill()
    process.wait()
    assert find_users(disk) == ()


def test_qemu_may_not_write_a_disk_that_is_being_captured(disk: Path, run: Callable[..., str]) -> None:
    with closing(open_raw_source(disk, allow_live=False)) as source:
        code, output = try_qemu_io(disk, "write 0 512")
        assert code != 0
        assert 'Failed to get "write" lock' in output
        source.check_unchanged()
    assert try_qemu_io(disk, "write 0 512")[0] == 0


def test_qemu_may_read_a_disk_that_is_being_captured(disk: Path, tmp_path: Path, run: Callable[..., str]) -> None:
    with closing(open_raw_source(disk, allow_live=False)) as source:
        assert try_qemu_io(disk, "read 0 512", "-r")[0] == 0
        run("qemu-img", "convert", "-f", "raw", "-O", "raw", disk, tmp_path / "copy.raw")
        source.check_unchanged()
    assert (tmp_path / "copy.raw").read_bytes() == disk.read_bytes()


def test_a_live_capture_keeps_no_writer_out(disk: Path) -> None:
    with closing(open_raw_source(disk, allow_live=True)):
        assert try_qemu_io(disk, "write 0 512")[0] == 0


def test_qemu_may_not_touch_a_disk_that_is_being_restored(tmp_path: Path) -> None:
    request = TargetRequest(path=tmp_path / "new.raw", size_bytes=MIB, data_bytes=0)
    with closing(open_target(request, clock=SystemClock(), wait=None)) as target:
        for options in ((), ("-r",)):
            code, output = try_qemu_io(tmp_path / "new.raw.restoring", "read 0 512", *options)
            assert code != 0
            assert "lock" in output
        target.publish()
    assert try_qemu_io(tmp_path / "new.raw", "write 0 512")[0] == 0


def test_a_disk_that_qemu_uses_is_not_overwritten(disk: Path, start: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = qemu_io(start, disk, "read 0 512", "-r")
    request = TargetRequest(path=disk, size_bytes=MIB, data_bytes=0, overwrite=True)
    with pytest.raises(RefusedError) as caught:
        open_target(request, clock=SystemClock(), wait=lambda: None)
    assert caught.value.code is Code.DISK_IN_USE
    assert f"process {process.pid} (qemu-io)" in caught.value.message
    assert [entry.name for entry in disk.parent.iterdir()] == ["os.raw"]


@pytest.mark.root
@pytest.mark.needs_tool("losetup")
def test_qemu_and_we_see_each_other_on_block_devices_too(
    disk: Path, attach_loop: Callable[[Path], Path], start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    device = attach_loop(disk)
    process = qemu_io(start, device, "write 0 512")
    assert f"process {process.pid} (qemu-io)" in find_users(device)[0]
    request = TargetRequest(path=device, size_bytes=MIB, data_bytes=0, overwrite=True)
    with pytest.raises(RefusedError) as caught:
        open_target(request, clock=SystemClock(), wait=lambda: None)
    assert caught.value.code is Code.DISK_IN_USE
    process.kill()
    process.wait()
    with closing(open_raw_source(device, allow_live=False)):
        assert "lock" in try_qemu_io(device, "write 0 512")[1]
    with closing(open_target(request, clock=SystemClock(), wait=None)):
        assert "lock" in try_qemu_io(device, "read 0 512", "-r")[1]


@pytest.mark.parametrize("form", ["qcow2", "vmdk", "vhdx", "vpc", "vdi", "qed", "parallels"])
def test_every_format_that_qemu_makes_is_recognised(disk: Path, tmp_path: Path, run: Callable[..., str], form: str) -> None:
    image = tmp_path / "image"
    run("qemu-img", "convert", "-f", "raw", "-O", form, disk, image)
    with pytest.raises(RefusedError, match=f"is a {form} image"):
        open_raw_source(image, allow_live=False)


def test_a_fixed_vhd_is_recognised(disk: Path, tmp_path: Path, run: Callable[..., str]) -> None:
    run("qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", "subformat=fixed,force_size=on", disk, tmp_path / "image")
    with pytest.raises(RefusedError, match="is a vpc image"):
        open_raw_source(tmp_path / "image", allow_live=False)
