"""What inspect_disk says about good disks and bad ones."""

import os
import socket
from pathlib import Path

import pytest

from farpoint.disks.inspect import inspect_disk
from farpoint.errors import Code, RefusedError

MIB = 1 << 20


def refusal_of(path: Path) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        inspect_disk(path)
    return caught.value


def open_numbers() -> list[str]:
    return sorted(link.name for link in Path("/proc/self/fd").iterdir())


def make(path: Path, head: bytes = b"", *, size: int = MIB, tail: bytes = b"") -> Path:
    with path.open("wb") as file:
        file.truncate(size)
        file.write(head)
        file.seek(size - len(tail))
        file.write(tail)
    return path


def test_a_raw_file_is_a_disk_of_its_size(tmp_path: Path) -> None:
    facts = inspect_disk(make(tmp_path / "os.raw", b"\xeb\x3c boot"))
    assert (facts.path, facts.size_bytes, facts.is_block_device) == (tmp_path / "os.raw", MIB, False)


def test_a_missing_disk_is_named(tmp_path: Path) -> None:
    refusal = refusal_of(tmp_path / "none.raw")
    assert refusal.code is Code.DISK_NOT_FOUND
    assert str(tmp_path / "none.raw") in refusal.message


@pytest.mark.parametrize("path", ["file.raw/below", "loop.raw", "n" * 300])
def test_paths_that_lead_nowhere_are_missing_disks(tmp_path: Path, path: str) -> None:
    make(tmp_path / "file.raw")
    (tmp_path / "loop.raw").symlink_to(tmp_path / "loop.raw")
    assert refusal_of(tmp_path / path).code is Code.DISK_NOT_FOUND


def test_a_directory_is_no_disk(tmp_path: Path) -> None:
    refusal = refusal_of(tmp_path)
    assert refusal.code is Code.DISK_UNSUPPORTED
    assert "is a directory" in refusal.message


@pytest.mark.timeout(10)
def test_a_fifo_is_no_disk_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    refusal = refusal_of(tmp_path / "fifo")
    assert refusal.code is Code.DISK_UNSUPPORTED
    assert "is a FIFO" in refusal.message


def test_a_socket_and_a_character_device_are_no_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # a socket's path has at most 107 bytes
        listener.bind("s")
        assert "is a socket" in refusal_of(tmp_path / "s").message
    assert "is a character device" in refusal_of(Path("/dev/zero")).message


def test_an_empty_file_is_no_disk(tmp_path: Path) -> None:
    refusal = refusal_of(make(tmp_path / "empty.raw", size=0))
    assert refusal.code is Code.DISK_UNSUPPORTED
    assert "is empty" in refusal.message


def test_a_size_that_is_not_whole_sectors_is_refused_with_the_next_that_is(tmp_path: Path) -> None:
    refusal = refusal_of(make(tmp_path / "odd.raw", size=1000))
    assert refusal.code is Code.DISK_UNSUPPORTED
    assert "1000 bytes" in refusal.message
    assert f"truncate -s 1024 {tmp_path}/odd.raw" in refusal.hint


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"QFI\xfb\0\0\0\3", "qcow2"),
        (b"KDMV\1\0\0\0", "vmdk"),
        (b"# Disk DescriptorFile\nversion=1", "vmdk"),
        (b"vhdxfile", "vhdx"),
        (b"conectix\0\0\0\2", "vpc"),
        (b"<<< Oracle VM VirtualBox Disk Image >>>\n".ljust(64, b"\0") + b"\x7f\x10\xda\xbe", "vdi"),
        (b"QED\0", "qed"),
    ],
)
def test_an_image_of_another_format_is_refused_with_the_way_to_convert_it(tmp_path: Path, head: bytes, name: str) -> None:
    refusal = refusal_of(make(tmp_path / "image", head))
    assert refusal.code is Code.DISK_UNSUPPORTED
    assert f"is a {name} image" in refusal.message
    assert f"qemu-img convert -f {name} -O raw {tmp_path}/image {tmp_path}/image.raw" in refusal.hint


def test_an_image_that_is_called_raw_already_is_not_converted_into_itself(tmp_path: Path) -> None:
    refusal = refusal_of(make(tmp_path / "os.raw", b"QFI\xfb\0\0\0\3"))
    assert refusal.hint.endswith(f"-O raw {tmp_path}/os.raw {tmp_path}/os-converted.raw")


def test_a_fixed_vhd_is_recognised_by_its_last_sector(tmp_path: Path) -> None:
    path = make(tmp_path / "image", b"boot", size=MIB + 512, tail=b"conectix".ljust(512, b"\0"))
    assert "is a vpc image" in refusal_of(path).message


def test_an_odd_sized_image_of_another_format_is_called_by_its_format(tmp_path: Path) -> None:
    assert "is a qcow2 image" in refusal_of(make(tmp_path / "image", b"QFI\xfb", size=196_616)).message


def test_a_luks_volume_is_a_raw_disk(tmp_path: Path) -> None:
    assert inspect_disk(make(tmp_path / "crypt.raw", b"LUKS\xba\xbe\0\2")).size_bytes == MIB


def test_an_incomplete_restore_is_no_disk(tmp_path: Path) -> None:
    refusal = refusal_of(make(tmp_path / "os.raw.restoring"))
    assert refusal.code is Code.DISK_UNSUPPORTED
    assert "not complete" in refusal.message


def test_looking_leaves_no_descriptor_open(tmp_path: Path) -> None:
    make(tmp_path / "os.raw")
    make(tmp_path / "odd.raw", size=7)
    before = open_numbers()
    inspect_disk(tmp_path / "os.raw")
    refusal_of(tmp_path / "odd.raw")
    assert open_numbers() == before
