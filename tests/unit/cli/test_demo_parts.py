"""Parts of the demo: where its folder goes, what its disks hold, what its table says."""

from pathlib import Path

import pytest
from tests.unit.cli.region_stub import Farpoint

from farpoint.cli.console import Console
from farpoint.cli.dev.demo import story
from farpoint.cli.dev.demo.changes import change_disk
from farpoint.cli.dev.demo.digest import sha256_of
from farpoint.cli.dev.demo.disks import demo_disks, needed_bytes
from farpoint.cli.dev.demo.images import FileSupply, ImageRequest, make_image
from farpoint.cli.dev.demo.ledger import Ledger
from farpoint.cli.dev.demo.workspace import file_system_of, workspace
from farpoint.cli.failures import CommandError, UsageError
from farpoint.cli.work import Work
from farpoint.clock import SystemClock, SystemEntropy
from farpoint.errors import RefusedError

MIB = 1 << 20
MOUNTINFO = """\
22 1 254:0 / / rw - ext4 /dev/vda rw
30 22 0:25 / /tmp rw,nosuid - tmpfs tmpfs rw
31 30 254:1 / /tmp/with\\040space rw - xfs /dev/vdb rw
"""


@pytest.mark.parametrize(
    ("path", "kind"), [("/var/tmp", "ext4"), ("/tmp", "tmpfs"), ("/tmp/a", "tmpfs"), ("/tmp/with space/a", "xfs"), ("/tmpx", "ext4")]
)
def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    assert file_system_of(Path(path), MOUNTINFO) == kind


def test_the_workspace_is_removed_even_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[Path] = []

    def fail() -> None:
        with workspace(needed_bytes=1) as path:
            seen.append(path)
            (path / "file").write_text("x")
            raise CommandError

    with pytest.raises(CommandError):
        fail()
    assert seen[0].parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_without_room_it_says_so_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(CommandError, match="free"), workspace(needed_bytes=1 << 60):
        pass


@pytest.mark.needs_tool("mke2fs")
def test_an_image_is_an_ext4_disk_with_real_files(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for number in range(4):
        (files / f"file{number}").write_bytes(bytes([number + 1]) * MIB)
    image = tmp_path / "os.raw"
    make_image(ImageRequest(path=image, data_bytes=3 * MIB, size_bytes=16 * MIB), FileSupply([files]))
    data = image.read_bytes()
    assert (len(data), data[0x438:0x43A]) == (16 * MIB, b"\x53\xef")
    assert [bytes([number + 1]) * MIB in data for number in range(4)] == [True, True, True, False]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files", "os.raw"]


def test_a_machine_with_too_few_files_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="DISKS="):
        FileSupply([tmp_path]).fill(tmp_path / "staging", MIB)


def test_images_of_ones_own_are_copied_under_names_of_their_own(tmp_path: Path) -> None:
    images = [tmp_path / "a" / "os.raw", tmp_path / "b" / "os.img"]
    for image in images:
        image.parent.mkdir()
        image.write_bytes(str(image).encode().ljust(512, b"\0"))
    pool = tmp_path / "pool"
    pool.mkdir()
    disks = demo_disks(images, pool, console=Console(as_json=False, clock=SystemClock()))
    assert [disk.name for disk in disks] == ["os.raw", "os-2.raw"]
    assert [disk.read_bytes() for disk in disks] == [image.read_bytes() for image in images]


def test_copies_are_called_as_their_disks_will_be(tmp_path: Path) -> None:
    images = [tmp_path / "my disk.raw", tmp_path / "my-disk.img", tmp_path / "My Disk.raw"]
    for image in images:
        image.write_bytes(bytes(512))
    pool = tmp_path / "pool"
    pool.mkdir()
    disks = demo_disks(images, pool, console=Console(as_json=False, clock=SystemClock()))
    assert [disk.name for disk in disks] == ["my-disk.raw", "my-disk-2.raw", "My-Disk-3.raw"]


def test_an_image_of_an_odd_size_is_named_itself_not_its_copy(tmp_path: Path) -> None:
    image = tmp_path / "odd.raw"
    image.write_bytes(bytes(513))
    with pytest.raises(RefusedError) as raised:
        needed_bytes([image])
    assert str(raised.value).endswith(f"truncate -s 1024 {image}")


def test_an_interrupted_demo_says_that_nothing_is_left(farpoint: Farpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_images: object, **_rest: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(story, "run_demo", interrupt)
    outcome = farpoint("dev", "demo")
    assert (outcome.exit, "goes on" in outcome.err) == (130, False)


def test_an_image_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.raw"):
        needed_bytes([tmp_path / "none.raw"])


@pytest.mark.parametrize("size", [512, 4096, 3 * MIB])
def test_changes_keep_the_size_and_change_something(tmp_path: Path, size: int) -> None:
    disk = tmp_path / "os.raw"
    disk.write_bytes(bytes(size))
    before = sha256_of(disk)
    change_disk(disk, SystemEntropy())
    assert disk.stat().st_size == size
    assert sha256_of(disk) != before


def test_the_table_shows_what_each_step_moved() -> None:
    ledger = Ledger(SystemClock())
    with ledger.step("first point", logical_bytes=4 * MIB) as moved:
        moved.stored(Work(stored_bytes=MIB))
    with ledger.step("copy", logical_bytes=4 * MIB) as moved:
        moved.copied(Work(stored_bytes=MIB, wire_bytes=2 * MIB))
    assert [row[:4] for row in ledger.grid().rows] == [
        ("first point", "4.0 MiB", "1.0 MiB", "-"),
        ("copy", "4.0 MiB", "1.0 MiB", "2.0 MiB"),
    ]
