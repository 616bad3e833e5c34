"""Two creates of one name at once: one wins, the other is refused, and one thing exists."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import operations

ROUNDS = 5
AT_ONCE = 4


def together(ask: Callable[[int], int]) -> Counter[int]:
    """Ask several times at once; return how often each status came."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(ask, range(AT_ONCE)))


def test_of_equal_points_one_is_created_and_all_are_told_of_it(east: Arm) -> None:
    for number in range(ROUNDS):
        vm = east.add_vm(f"vm{number}", os_disk=east.attach(f"os{number}"))
        path = f"{east.add_collection(f'c{number}', source=vm)}/restorePoints/rp"
        assert together(lambda _, path=path: east.send("PUT", path, {}).status_code) == {201: AT_ONCE}  # type: ignore[misc]  # bound now
    with east.region.context.database.read() as conn:
        assert sorted(east.region.launched) == sorted(operation.id for operation in operations.live_operations(conn))
    assert len(east.region.launched) == ROUNDS


def test_of_different_points_of_one_vm_one_is_created(east: Arm) -> None:
    collection = east.add_collection("c", source=east.add_vm("vm", os_disk=east.attach("os")))
    statuses = together(lambda number: east.send("PUT", f"{collection}/restorePoints/rp{number}", {}).status_code)
    assert statuses == {201: 1, 409: AT_ONCE - 1}


def test_of_equal_collections_one_is_created_and_the_others_find_it(east: Arm) -> None:
    vm = east.add_vm("vm", os_disk=east.attach("os"))
    body = {"location": "eastus", "properties": {"source": {"id": vm}}}
    assert together(lambda _: east.send("PUT", compute("restorePointCollections", "c"), body).status_code) == {201: 1, 200: AT_ONCE - 1}


def test_of_names_for_one_path_one_is_registered(east: Arm) -> None:
    path = str(east.region.disk_file("os"))
    body = {"location": "eastus", "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": path}}}
    assert together(lambda number: east.send("PUT", compute("disks", f"d{number}"), body).status_code) == {200: 1, 409: AT_ONCE - 1}
    assert len(east.send("GET", compute("disks")).json()["value"]) == 1


def test_disks_attached_to_one_vm_by_calls_at_once_are_all_attached(east: Arm) -> None:
    vm = east.add_vm("vm", os_disk=east.attach("os"))
    for round_number in range(ROUNDS):
        disks = [east.attach(f"data{round_number}-{number}") for number in range(AT_ONCE)]

        def attach(number: int, disks: list[str] = disks) -> int:
            return east.send("POST", f"{vm}/attachDetachDataDisks", {"dataDisksToAttach": [{"diskId": disks[number]}]}).status_code

        assert together(attach) == {200: AT_ONCE}
    attached = east.send("GET", vm).json()["properties"]["storageProfile"]["dataDisks"]
    assert sorted(entry["lun"] for entry in attached) == list(range(ROUNDS * AT_ONCE))


def test_of_vms_for_one_disk_one_gets_it(east: Arm) -> None:
    disk = east.attach("os")
    body = {"location": "eastus", "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": disk}}}}}
    statuses = together(lambda number: east.send("PUT", compute("virtualMachines", f"v{number}"), body).status_code)
    assert statuses == {201: 1, 409: AT_ONCE - 1}
