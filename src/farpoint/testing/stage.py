"""A pair of regions with a VM, that can be put back to an earlier moment: the same run is then made again and again."""

import random
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from farpoint.bucket.bucket import Bucket
from farpoint.clock import Clock, Entropy
from farpoint.model.ids import OperationId
from farpoint.model.resources import CreateOption
from farpoint.model.snapshots import SnapshotOption
from farpoint.services.collections import CollectionRequest, put_collection
from farpoint.services.disks import AttachRequest, attach_disk
from farpoint.services.new_copy import CopyRequest, copy_point
from farpoint.services.new_point import PointRequest, create_point
from farpoint.services.new_snapshot import SnapshotRequest, put_snapshot
from farpoint.services.restores import RestoreRequest, restore_disk
from farpoint.services.virtual_machines import DiskAttachment, VmRequest, put_vm
from farpoint.services.wanted_disks import WantedDisk
from farpoint.testing.ambient import FakeClock, SeededEntropy
from farpoint.testing.memory_bucket import MemoryBucket
from farpoint.testing.regions import CLIENT, SUBSCRIPTION, SmallRegion, Surroundings, link
from farpoint.units import KIB

BLOCK_BYTES = 64 * KIB
GROUP = "default"
#: Blocks with data of each disk: a map of two levels, a hole in the middle, an end that is no whole block.
OS_BLOCKS = (0, 1, 2, 5, 63, 64, 70, 79)
OS_BYTES = 79 * BLOCK_BYTES + 512 * 3
DATA_BLOCKS = (0, 3, 4)
DATA_BYTES = 6 * BLOCK_BYTES
_COMPUTE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Compute"


class Stage:
    """Regions eastus (the VM's) and westus (the copies') in one folder."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        make_bucket: Callable[[Path], Bucket] = lambda _folder: MemoryBucket(),
        clock: Clock | None = None,
    ) -> None:
        """Start both, from what is in *folder* if another stage was there; disks are filled from *seed*."""
        clock, entropy = clock or FakeClock(), SeededEntropy(seed)
        self.folder = folder
        self.random = random.Random(seed)
        self.east, self.west = (self._region(name, clock, entropy, make_bucket) for name in ("eastus", "westus"))
        for region in self.regions:
            region.start()
        link(self.east, self.west)
        #: What each disk of the VM held when a point of that name was captured.
        self.captured: dict[str, Mapping[str, bytes]] = {}

    @property
    def regions(self) -> tuple[SmallRegion, SmallRegion]:
        """Both."""
        return self.east, self.west

    def add_vm(self) -> None:
        """Make disks os and data, VM web01, and its collections at both ends."""
        self.write_blocks("os", OS_BYTES, OS_BLOCKS)
        self.write_blocks("data", DATA_BYTES, DATA_BLOCKS)
        for name in ("os", "data"):
            attach_disk(self.east.context, AttachRequest(disk=wanted_disk(name, self.disk_path(name), block_bytes=BLOCK_BYTES)))
        attachments = (
            DiskAttachment(disk_id=disk_arm_id("os"), lun=None, target="", settings={}),
            DiskAttachment(disk_id=disk_arm_id("data"), lun=0, target="", settings={}),
        )
        put_vm(self.east.context, VmRequest(group=GROUP, name="web01", location="eastus", tags={}, properties={}, attachments=attachments))
        put_collection(self.east.context, _collection("web01", "eastus", f"{_COMPUTE}/virtualMachines/web01"))
        put_collection(self.west.context, _collection("web01-westus", "westus", f"{_COMPUTE}/restorePointCollections/web01"))

    def disk_path(self, name: str) -> Path:
        """Return the file of a disk of the VM."""
        return self.east.pool / f"{name}.raw"

    def write_blocks(self, disk: str, size_bytes: int, blocks: tuple[int, ...]) -> None:
        """Write new contents into these blocks; every second one can be compressed."""
        path = self.disk_path(disk)
        path.touch()
        with path.open("r+b") as file:
            file.truncate(size_bytes)
            for number, block in enumerate(blocks):
                length = min(BLOCK_BYTES, size_bytes - block * BLOCK_BYTES)
                data = self.random.randbytes(length) if number % 2 else self.random.randbytes(64) * (length // 64)
                file.seek(block * BLOCK_BYTES)
                file.write(data)

    def request_point(self, name: str) -> OperationId:
        """Ask for a restore point of the VM."""
        self.captured[name] = {disk: self.disk_path(disk).read_bytes() for disk in ("os", "data")}
        request = PointRequest(group=GROUP, collection="web01", name=name, exclude_disks=(), consistency=None, allow_live=False)
        return create_point(self.east.context, request, principal=CLIENT).resource.point.operation

    def request_copy(self, name: str) -> OperationId:
        """Ask for a copy of the point of that name."""
        request = CopyRequest(group=GROUP, collection="web01-westus", name=name, source_id=point_arm_id("web01", name))
        return copy_point(self.west.context, request, principal=CLIENT).resource.point.operation

    def request_restore(self, region: SmallRegion, disk_point: str, *, name: str, overwrite: bool = False) -> OperationId:
        """Ask for a disk of that name, restored from a disk restore point to a free place."""
        disk = wanted_disk(name, region.pool / f"{name}.raw", location=region.name, create_option=CreateOption.RESTORE)
        request = RestoreRequest(disk=disk, source_id=disk_point, overwrite=overwrite)
        operation = restore_disk(region.context, request, principal=CLIENT).operation
        assert operation is not None
        return operation.id

    def request_disk_copy(self, source: str, *, name: str) -> OperationId:
        """Ask for a disk of that name in eastus, copied from a disk or a snapshot."""
        disk = wanted_disk(name, self.disk_path(name), create_option=CreateOption.COPY)
        request = RestoreRequest(disk=disk, source_id=source)
        operation = restore_disk(self.east.context, request, principal=CLIENT).operation
        assert operation is not None
        return operation.id

    def request_snapshot(self, name: str, *, region: SmallRegion | None = None, source: str = "") -> OperationId:
        """Ask for a snapshot of disk os, or in another region for a copy of the snapshot *source*."""
        where = region or self.east
        option = SnapshotOption.COPY_START if source else SnapshotOption.COPY
        request = SnapshotRequest(
            group=GROUP, name=name, location=where.name, tags={}, sku="Standard_LRS", create_option=option,
            source_id=source or disk_arm_id("os"), incremental=True,
        )  # fmt: skip
        operation = put_snapshot(where.context, request, principal=CLIENT).operation
        assert operation is not None
        return operation.id

    def create_point(self, name: str) -> None:
        """Make a complete point."""
        self.east.run(self.request_point(name))

    def copy_point(self, name: str) -> None:
        """Make a complete copy."""
        self.west.run(self.request_copy(name))

    def keep(self) -> Callable[[], None]:
        """Remember this moment; return what puts everything back to it."""
        self.stop()
        kept = self.folder.with_name(f"{self.folder.name}.kept")
        shutil.rmtree(kept, ignore_errors=True)
        _copy(self.folder, kept)
        objects = {region.name: _objects(region) for region in self.regions}
        captured = dict(self.captured)
        self.start()

        def put_back() -> None:
            self.stop()
            shutil.rmtree(self.folder)
            _copy(kept, self.folder)
            self.captured = dict(captured)
            for region in self.regions:
                if isinstance(region.bucket, MemoryBucket):
                    region.bucket.objects = dict(objects[region.name])
            self.start()

        return put_back

    def _region(self, name: str, clock: Clock, entropy: Entropy, make_bucket: Callable[[Path], Bucket]) -> SmallRegion:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return SmallRegion(name, folder, Surroundings(clock=clock, entropy=entropy, bucket=make_bucket(folder / "bucket")))

    def stop(self) -> None:
        """Let both regions go."""
        for region in self.regions:
            region.stop()

    def start(self) -> None:
        """Start both from what is durable."""
        for region in self.regions:
            region.start()


def wanted_disk(
    name: str,
    path: Path,
    *,
    location: str = "eastus",
    create_option: CreateOption = CreateOption.ATTACH,
    block_bytes: int | None = None,
) -> WantedDisk:
    """Return what a PUT of a disk in the stage's group asks for."""
    return WantedDisk(
        group=GROUP,
        name=name,
        location=location,
        create_option=create_option,
        tags={},
        sku="Standard_LRS",
        path=str(path),
        block_bytes=block_bytes,
    )


def point_arm_id(collection: str, name: str) -> str:
    """Return the ARM id of a restore point."""
    return f"{_COMPUTE}/restorePointCollections/{collection}/restorePoints/{name}"


def snapshot_arm_id(name: str) -> str:
    """Return the ARM id of a snapshot."""
    return f"{_COMPUTE}/snapshots/{name}"


def disk_arm_id(name: str) -> str:
    """Return the ARM id of a disk."""
    return f"{_COMPUTE}/disks/{name}"


def _copy(source: Path, target: Path) -> None:
    # cp keeps holes, which shutil does not.
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)  # noqa: S603, S607 - a program of every machine, on folders made here


def _objects(region: SmallRegion) -> dict[str, bytes]:
    return dict(region.bucket.objects) if isinstance(region.bucket, MemoryBucket) else {}


def _collection(name: str, location: str, source_id: str) -> CollectionRequest:
    return CollectionRequest(group=GROUP, name=name, location=location, tags={}, source_id=source_id)
