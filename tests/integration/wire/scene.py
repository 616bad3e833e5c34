"""The story whose answers are compared with azure-wire.md: a VM, its points, their copies, a restored disk; the work is played."""

import httpx
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import disk_points, disks, points
from farpoint.model.documents import JsonObject
from farpoint.model.operations import DiskProgress, Failure, Progress
from farpoint.model.resources import DiskRestorePoint, RestorePoint
from farpoint.testing.played_work import play_copy_start, play_point_failure, play_progress, play_publish, play_restore

LOCAL, COPIES = compute("restorePointCollections", "web"), compute("restorePointCollections", "web-west")
#: §3's VM, as a client describes it.
OS_PROFILE: JsonObject = {
    "computerName": "web",
    "adminUsername": "admin",
    "linuxConfiguration": {"disablePasswordAuthentication": True},
    "secrets": [],
    "allowExtensionOperations": True,
    "requireGuestProvisionSignal": True,
}
VM: JsonObject = {
    "location": "eastus",
    "properties": {
        "hardwareProfile": {"vmSize": "Standard_DS1_v2"},
        "storageProfile": {
            "osDisk": {
                "osType": "Linux",
                "createOption": "Attach",
                "caching": "ReadWrite",
                "writeAcceleratorEnabled": True,
                "managedDisk": {"id": compute("disks", "os")},
            },
            "dataDisks": [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": compute("disks", "data")}}],
        },
        "osProfile": OS_PROFILE,
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "hyperVGeneration": "V2",
    },
}


class Scene:
    """Each method brings a thing into a state and returns the answer that a client got for it."""

    def __init__(self, east: Arm, west: Arm) -> None:
        """Register the VM and its collection in the east, and a collection for copies in the west."""
        self.east, self.west = east, west
        east.attach("os")
        east.attach("data")
        assert east.send("PUT", compute("virtualMachines", "web"), VM).status_code == 201
        self.collection = east.send("PUT", LOCAL, collection_body(compute("virtualMachines", "web"), "eastus"))
        self.copies = west.send("PUT", COPIES, collection_body(LOCAL, "westus"))

    def create(self, name: str = "rp1", **properties: object) -> httpx.Response:
        """Begin a capture."""
        answer = self.east.send("PUT", f"{LOCAL}/restorePoints/{name}", {"properties": properties} if properties else {})
        assert answer.status_code == 201, answer.text
        return answer

    def finish(self, name: str = "rp1", **properties: object) -> httpx.Response:
        """Let a capture succeed."""
        answer = self.create(name, **properties)
        play_publish(self.east.region.context, self.row(self.east, LOCAL, name).id)
        return answer

    def copy(self, name: str = "rp1") -> httpx.Response:
        """Begin a copy of a finished point, an hour later."""
        self.finish(name)
        for arm in (self.east, self.west):
            arm.region.clock.advance(3600)
        answer = self.west.send("PUT", f"{COPIES}/restorePoints/{name}", copy_body(f"{LOCAL}/restorePoints/{name}"))
        assert answer.status_code == 201, answer.text
        return answer

    def copy_running(self, name: str = "rp1") -> httpx.Response:
        """Let a copy have started, and move a quarter of its OS disk."""
        answer = self.copy(name)
        point = self.row(self.west, COPIES, name)
        play_copy_start(
            self.west.region.context, point.id, self.disks(self.east, LOCAL, name), source_point=f"{LOCAL}/restorePoints/{name}"
        )
        moved = (DiskProgress(disk="os", bytes_total=1000, bytes_done=250), DiskProgress(disk="data", bytes_total=1000))
        play_progress(self.west.region.context, point.operation, Progress(step="transfer", planned=True, disks=moved), answered=True)
        return answer

    def copy_finished(self, name: str = "rp1") -> httpx.Response:
        """Let a copy be complete."""
        answer = self.copy_running(name)
        play_publish(self.west.region.context, self.row(self.west, COPIES, name).id)
        return answer

    def copy_failed(self, name: str = "rp1") -> httpx.Response:
        """Let a copy fail half way."""
        answer = self.copy_running(name)
        failure = Failure(code="PeerRefused", message="no", percent=12.5)
        play_point_failure(self.west.region.context, self.row(self.west, COPIES, name).id, failure)
        return answer

    def restore(self, name: str = "new") -> httpx.Response:
        """Begin to restore the OS disk of a finished point."""
        self.finish()
        source = f"{LOCAL}/restorePoints/rp1/diskRestorePoints/{self.disks(self.east, LOCAL, 'rp1')[0].name}"
        creation = {"createOption": "Restore", "sourceResourceId": source}
        body = {"location": "eastus", "tags": {"a": "b"}, "sku": {"name": "Premium_LRS"}, "properties": {"creationData": creation}}
        return self.east.send("PUT", compute("disks", name), body)

    def restore_finished(self, name: str = "new") -> httpx.Response:
        """Let a restore succeed."""
        answer = self.restore(name)
        with self.east.region.context.database.read() as conn:
            disk = disks.get_disk(conn, group="default", name=name)
        assert disk is not None
        play_restore(self.east.region.context, disk.id)
        return answer

    def row(self, arm: Arm, collection: str, name: str) -> RestorePoint:
        """Return a restore point's row."""
        with arm.region.context.database.read() as conn:
            found = points.get_point(conn, group="default", collection=collection.rpartition("/")[2], name=name)
        assert found is not None
        return found

    def disks(self, arm: Arm, collection: str, name: str) -> tuple[DiskRestorePoint, ...]:
        """Return the rows of a restore point's disks, OS disk first."""
        with arm.region.context.database.read() as conn:
            return tuple(disk_points.list_disk_points(conn, self.row(arm, collection, name).id))


def collection_body(source: str, location: str) -> JsonObject:
    """Return the body that creates a collection."""
    return {"location": location, "properties": {"source": {"id": source}}}


def copy_body(source: str) -> JsonObject:
    """Return the body that copies a point."""
    return {"properties": {"sourceRestorePoint": {"id": source}}}
