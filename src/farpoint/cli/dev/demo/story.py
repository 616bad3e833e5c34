"""The demo itself: capture, change, capture, copy both, lose the source region, restore in the other, compare.

Everything goes through the same client code as the commands; the comparison reads the files themselves.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from farpoint.cli.console import Console
from farpoint.cli.dev.demo.changes import change_disk
from farpoint.cli.dev.demo.digest import sha256_of
from farpoint.cli.dev.demo.disks import demo_disks, needed_bytes
from farpoint.cli.dev.demo.ledger import Ledger
from farpoint.cli.dev.demo.regions import demo_session, two_regions
from farpoint.cli.dev.demo.workspace import workspace
from farpoint.cli.dev.layout import DevFolder
from farpoint.cli.dev.outage import stop_region
from farpoint.cli.disk_restore import RestoreRequest, finish_restores, restore_disks
from farpoint.cli.failures import OperationFailedError
from farpoint.cli.naming import PointName
from farpoint.cli.point_start import CaptureRequest, copy_point, create_point, finish_point
from farpoint.cli.session import Session
from farpoint.cli.vm_add import VmRequest, add_vm
from farpoint.clock import Clock, SystemEntropy
from farpoint.units import human_bytes

_SOURCE, _TARGET = "eastus", "westus"
_VM = "web01"
_FIRST, _SECOND = PointName(_VM, "rp1"), PointName(_VM, "rp2")


@frozen(kw_only=True)
class _Scene:
    """What the steps share."""

    folder: DevFolder
    session: Session
    ledger: Ledger
    disks: Sequence[Path]
    #: Size of all disks.
    logical_bytes: int

    @property
    def console(self) -> Console:
        return self.session.console


def run_demo(images: Sequence[Path], *, clock: Clock) -> None:
    """Run the demo with copies of *images*, or with images made here; raise when anything differs."""
    console = Console(as_json=False, clock=clock)
    ledger = Ledger(clock)
    with workspace(needed_bytes=needed_bytes(images)) as home:
        folder = DevFolder(home / "regions")
        folder.pool.mkdir(parents=True)
        console.say(f"demo in {home}")
        disks = demo_disks(images, folder.pool, console=console)
        pools = sorted({image.resolve().parent for image in images})
        with two_regions(folder, (_SOURCE, _TARGET), pools=pools), demo_session(folder, console=console, clock=clock) as session:
            size = sum(disk.stat().st_size for disk in disks)
            count = _play(_Scene(folder=folder, session=session, ledger=ledger, disks=disks, logical_bytes=size))
    console.print_grid(ledger.grid())
    print(f"verified: {count} disk{'s' if count != 1 else ''} identical", flush=True)


def _play(scene: _Scene) -> int:
    """Return how many disks came back identical."""
    os_disk, *data_disks = scene.disks
    add_vm(scene.session, VmRequest(name=_VM, region=_SOURCE, os_disk=os_disk, data_disks=tuple(data_disks)))
    _capture(scene, _FIRST, "first point")
    changed = sum(change_disk(disk, SystemEntropy()) for disk in scene.disks)
    scene.console.say(f"changed {human_bytes(changed)} on the disks")
    expected = {disk.stem: sha256_of(disk) for disk in scene.disks}
    _capture(scene, _SECOND, "second point")
    _copy(scene, _FIRST, "copy of the first")
    copied = _copy(scene, _SECOND, "copy of the second")
    _lose_source(scene)
    restored = _restore(scene, copied)
    return _compare(scene, expected, restored)


def _capture(scene: _Scene, name: PointName, title: str) -> None:
    scene.console.say(f"{title}: {name}")
    with scene.ledger.step(title, logical_bytes=scene.logical_bytes) as moved:
        started = create_point(scene.session, name, CaptureRequest())
        _, work = finish_point(scene.session, started, title=str(name))
        moved.stored(work)


def _copy(scene: _Scene, name: PointName, title: str) -> PointName:
    scene.console.say(f"{title}: {name} to {_TARGET}")
    with scene.ledger.step(title, logical_bytes=scene.logical_bytes) as moved:
        started = copy_point(scene.session, name, to=_TARGET)
        _, work = finish_point(scene.session, started, title=f"{name} to {_TARGET}")
        moved.copied(work)
    return started.name


def _lose_source(scene: _Scene) -> None:
    """End the source region for good, with all it has."""
    stop_region(scene.folder, _SOURCE, kill=True, clock=scene.session.clock)
    shutil.rmtree(scene.folder.region(_SOURCE))
    for disk in scene.disks:
        disk.unlink()
    scene.console.say(f"{_SOURCE} is gone: killed, its folder and its disks removed")


def _restore(scene: _Scene, name: PointName) -> Path:
    scene.console.say(f"restore {name} in {_TARGET}")
    into = scene.folder.pool / "restored"
    with scene.ledger.step("restore", logical_bytes=scene.logical_bytes):
        restores = restore_disks(scene.session, name, RestoreRequest(into=into))
        finish_restores(scene.session, restores, title=f"restore {name}")
    return into


def _compare(scene: _Scene, expected: dict[str, str], restored: Path) -> int:
    """Compare each restored disk with what was captured, by SHA-256."""
    actual = {disk: sha256_of(restored / f"{disk}.raw") for disk in expected}
    for disk, digest in expected.items():
        scene.console.say(f"{disk}: captured {digest}, restored {actual[disk]}")
    different = [disk for disk, digest in expected.items() if actual[disk] != digest]
    if different:
        message = f"restored disks differ from what was captured: {', '.join(different)}"
        raise OperationFailedError(message, damaged=True)
    return len(expected)
