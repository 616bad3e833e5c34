"""Rows of groups, disks, VMs and collections: names are compared without case, duplicates and dangling references refused."""

from collections.abc import Callable

import pytest
from attrs import evolve

from farpoint.errors import Code, Place, RefusedError
from farpoint.metadata import collections, disks, groups, points, virtual_machines
from farpoint.metadata.connection import Connection
from farpoint.metadata.database import Database
from farpoint.metadata.directory import merge_record
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.ids import DiskId, GroupId, NodeId, OperationId, RegionId
from farpoint.model.operations import Failure
from farpoint.model.resources import CreateOption, ProvisioningState, ResourceGroup
from farpoint.testing.example_rows import example_collection, example_disk, example_point, example_vm, guid

EAST = RegionId(guid(100))
GROUP = ResourceGroup(id=GroupId(guid(1)), name="Default", location="eastus", tags={"a": "b"})


def refused(code: Code, action: Callable[[], None]) -> str:
    with pytest.raises(RefusedError) as refusal:
        action()
    assert refusal.value.code is code
    return str(refusal.value)


# Groups


def test_a_group_is_found_whatever_the_case_of_its_name(conn: Connection) -> None:
    groups.put_group(conn, GROUP, origin=EAST)
    assert groups.get_group(conn, "dEFAULT") == GROUP
    assert groups.get_group(conn, "other") is None


def test_each_put_of_a_group_is_the_next_version_of_its_record(conn: Connection) -> None:
    first = groups.put_group(conn, GROUP, origin=EAST)
    second = groups.put_group(conn, evolve(GROUP, tags={}), origin=EAST)
    assert (first.version, second.version, second.path) == (1, 2, "/resourceGroups/Default")
    assert groups.list_groups(conn) == [evolve(GROUP, tags={})]


def test_a_buried_group_is_gone_and_made_anew_as_a_newer_version(conn: Connection) -> None:
    groups.put_group(conn, GROUP, origin=EAST)
    tombstone = groups.bury_group(conn, "default", origin=EAST)
    assert (tombstone.deleted, tombstone.version) == (True, 2)
    assert groups.get_group(conn, "Default") is None
    assert groups.list_groups(conn) == []
    assert not merge_record(conn, groups.first_group_record(GROUP, origin=EAST))
    anew = groups.put_group(conn, evolve(GROUP, name="DEFAULT"), origin=EAST)
    assert (anew.version, anew.path, anew.deleted) == (3, "/resourceGroups/DEFAULT", False)


def test_groups_are_listed_by_name(conn: Connection) -> None:
    for number, name in enumerate(["b", "A", "c"]):
        groups.put_group(conn, ResourceGroup(id=GroupId(guid(number)), name=name, location="eastus"), origin=EAST)
    assert [group.name for group in groups.list_groups(conn)] == ["A", "b", "c"]
    assert [group.name for group in groups.list_groups(conn, after="a", limit=1)] == ["b"]


# Disks


def test_a_disk_survives_its_row_with_and_without_what_is_optional(conn: Connection) -> None:
    plain = example_disk(1)
    restored = evolve(
        example_disk(2, name="Restored"),
        os_type=None,
        create_option=CreateOption.RESTORE,
        source_resource_id="/subscriptions/s/…",
        provisioning_state=ProvisioningState.FAILED,
        managed_by="/subscriptions/s/vm",
        state=DiskState(geometry=Geometry(size_bytes=512, block_bytes=65536), root=NodeId(b"r" * 32)),
        operation=OperationId(guid(9)),
        failure=Failure(code="IntegrityError", message="broken", place=Place(disk="os", offset_bytes=0, length_bytes=512), percent=12.5),
    )
    zeros = evolve(example_disk(3, name="zeros"), state=DiskState(geometry=Geometry(size_bytes=0, block_bytes=65536), root=None))
    for disk in (plain, restored, zeros):
        disks.insert_disk(conn, disk)
    assert [disks.get_disk_by_guid(conn, disk.id) for disk in (plain, restored, zeros)] == [plain, restored, zeros]
    assert disks.get_disk(conn, group="DEFAULT", name="RESTORED") == restored


def test_a_second_disk_of_one_name_is_refused_and_named(conn: Connection) -> None:
    disks.insert_disk(conn, example_disk(1, name="os"))
    said = refused(Code.CONFLICT, lambda: disks.insert_disk(conn, example_disk(2, name="OS")))
    assert said.startswith("disk 'OS' in group 'default' exists already")


def test_two_groups_may_have_disks_of_one_name(conn: Connection) -> None:
    disks.insert_disk(conn, example_disk(1, group="b"))
    disks.insert_disk(conn, example_disk(2, group="A"))
    assert [disk.group for disk in disks.list_disks(conn)] == ["A", "b"]
    assert [disk.id for disk in disks.list_disks(conn, group="B")] == [guid(1)]


def test_a_disk_is_found_by_its_path(conn: Connection) -> None:
    disks.insert_disk(conn, example_disk(1, name="os"))
    found = disks.find_disk_by_path(conn, "/pool/os.raw")
    assert found == example_disk(1, name="os")
    assert disks.find_disk_by_path(conn, "/pool/OS.raw") is None


def test_an_updated_disk_is_replaced(conn: Connection) -> None:
    disks.insert_disk(conn, example_disk(1))
    changed = evolve(example_disk(1), tags={}, managed_by="/subscriptions/s/vm", provisioning_state=ProvisioningState.UPDATING)
    disks.update_disk(conn, changed)
    assert disks.get_disk(conn, group="default", name="os") == changed


def test_a_disk_that_is_gone_cannot_be_updated(conn: Connection) -> None:
    refused(Code.RESOURCE_NOT_FOUND, lambda: disks.update_disk(conn, example_disk(1)))


def test_a_deleted_disk_is_gone_and_deleting_it_again_is_allowed(conn: Connection) -> None:
    disks.insert_disk(conn, example_disk(1))
    disks.delete_disk(conn, DiskId(guid(1)))
    disks.delete_disk(conn, DiskId(guid(1)))
    assert disks.list_disks(conn) == []


def test_of_two_creates_at_once_the_second_is_refused_and_leaves_nothing(database: Database) -> None:
    with database.write() as first:
        disks.insert_disk(first, example_disk(1))

    def create_again() -> None:
        with database.write() as second:
            disks.insert_disk(second, example_disk(7, name="other"))
            disks.insert_disk(second, example_disk(8, name="os"))

    refused(Code.CONFLICT, create_again)
    with database.read() as conn:
        assert [disk.id for disk in disks.list_disks(conn)] == [guid(1)]


# Virtual machines


def test_a_vm_survives_its_row_with_its_disks_in_their_order(conn: Connection) -> None:
    attached = tuple(example_disk(number, name=f"d{9 - number}") for number in range(1, 4))
    for disk in attached:
        disks.insert_disk(conn, disk)
    vm = example_vm(1, disks=attached)
    virtual_machines.insert_vm(conn, vm)
    assert virtual_machines.get_vm(conn, group="Default", name="WEB") == vm
    assert virtual_machines.list_vms(conn) == [vm]
    assert virtual_machines.list_vms(conn, group="other") == []
    assert virtual_machines.find_vm_of_disk(conn, attached[1].id) == vm


def test_a_second_vm_of_one_name_is_refused_and_named(conn: Connection) -> None:
    virtual_machines.insert_vm(conn, example_vm(1))
    said = refused(Code.CONFLICT, lambda: virtual_machines.insert_vm(conn, example_vm(2, name="Web")))
    assert said.startswith("virtual machine 'Web' in group 'default' exists already")


def test_a_disk_in_two_vms_is_refused_and_named(conn: Connection) -> None:
    disk = example_disk(1)
    disks.insert_disk(conn, disk)
    virtual_machines.insert_vm(conn, example_vm(1, disks=(disk,)))
    said = refused(Code.CONFLICT, lambda: virtual_machines.insert_vm(conn, example_vm(2, name="other", disks=(disk,))))
    assert said.startswith("an attachment of disk 'os' exists already")


def test_a_disk_twice_in_one_vm_is_refused(conn: Connection) -> None:
    disk = example_disk(1)
    disks.insert_disk(conn, disk)
    refused(Code.CONFLICT, lambda: virtual_machines.insert_vm(conn, example_vm(1, disks=(disk, disk))))


def test_a_vm_with_a_disk_that_does_not_exist_is_refused(conn: Connection) -> None:
    refused(Code.CONFLICT, lambda: virtual_machines.insert_vm(conn, example_vm(1, disks=(example_disk(1),))))


def test_an_updated_vm_has_the_new_disks_only(conn: Connection) -> None:
    first, second = example_disk(1, name="a"), example_disk(2, name="b")
    disks.insert_disk(conn, first)
    disks.insert_disk(conn, second)
    virtual_machines.insert_vm(conn, example_vm(1, disks=(first, second)))
    changed = evolve(example_vm(1, disks=(second,)), tags={"x": "y"})
    virtual_machines.update_vm(conn, changed)
    assert virtual_machines.get_vm(conn, group="default", name="web") == changed
    assert virtual_machines.find_vm_of_disk(conn, first.id) is None


def test_a_vm_that_is_gone_cannot_be_updated(conn: Connection) -> None:
    refused(Code.RESOURCE_NOT_FOUND, lambda: virtual_machines.update_vm(conn, example_vm(1)))


def test_an_attached_disk_cannot_be_deleted_until_its_vm_is(conn: Connection) -> None:
    disk = example_disk(1)
    disks.insert_disk(conn, disk)
    vm = example_vm(1, disks=(disk,))
    virtual_machines.insert_vm(conn, vm)
    refused(Code.CONFLICT, lambda: disks.delete_disk(conn, disk.id))
    virtual_machines.delete_vm(conn, vm.id)
    disks.delete_disk(conn, disk.id)
    assert virtual_machines.list_vms(conn) == []


# Collections


def test_a_collection_survives_its_row(conn: Connection) -> None:
    collection = example_collection(1, name="Web")
    collections.insert_collection(conn, collection)
    assert collections.get_collection(conn, group="DEFAULT", name="web") == collection
    assert collections.get_collection_by_guid(conn, collection.id) == collection
    assert collections.get_collection(conn, group="other", name="web") is None


def test_a_second_collection_of_one_name_is_refused_and_named(conn: Connection) -> None:
    collections.insert_collection(conn, example_collection(1))
    said = refused(Code.CONFLICT, lambda: collections.insert_collection(conn, example_collection(2, name="WEB")))
    assert said.startswith("restore point collection 'WEB' in group 'default' exists already")


def test_collections_are_listed_by_group_and_name(conn: Connection) -> None:
    for number, (group, name) in enumerate([("b", "x"), ("a", "Z"), ("A", "y")]):
        collections.insert_collection(conn, example_collection(number, name=name, group=group))
    assert [one.name for one in collections.list_collections(conn)] == ["y", "Z", "x"]
    assert [one.name for one in collections.list_collections(conn, group="B")] == ["x"]


def test_an_updated_collection_is_replaced(conn: Connection) -> None:
    collections.insert_collection(conn, example_collection(1))
    changed = evolve(example_collection(1), tags={"x": "y"})
    collections.update_collection(conn, changed)
    assert collections.list_collections(conn) == [changed]


def test_a_collection_is_deleted_after_its_points_and_not_before(conn: Connection) -> None:
    collection = example_collection(1)
    collections.insert_collection(conn, collection)
    point = example_point(collection)
    points.insert_point(conn, point)
    refused(Code.CONFLICT, lambda: collections.delete_collection(conn, collection.id))
    points.delete_point(conn, point.id)
    collections.delete_collection(conn, collection.id)
    assert collections.list_collections(conn) == []
