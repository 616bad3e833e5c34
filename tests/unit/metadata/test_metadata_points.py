"""Rows of restore points and their disks: which is the newest complete one, what goes when a point goes."""

import datetime as dt

import pytest
from attrs import evolve

from farpoint.errors import Code, RefusedError
from farpoint.metadata import collections, disk_points, points
from farpoint.metadata.connection import Connection
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.ids import DiskPointId, ManifestId, NodeId, OperationId, PointId, ScopeId
from farpoint.model.manifest import CaptureMode, ChangeDetection, WhyFull
from farpoint.model.operations import Failure
from farpoint.model.resources import Collection, CopyState, DiskRestorePoint, ProvisioningState, RestorePoint
from farpoint.testing.example_rows import MOMENT, example_collection, example_disk_point, example_point, guid

STATE = DiskState(geometry=Geometry(size_bytes=1 << 30, block_bytes=262144), root=NodeId(b"r" * 32))


@pytest.fixture
def collection(conn: Connection) -> Collection:
    made = example_collection(1, name="Web")
    collections.insert_collection(conn, made)
    return made


def published(point: RestorePoint, *, days: int = 0, state: ProvisioningState = ProvisioningState.SUCCEEDED) -> RestorePoint:
    moment = MOMENT + dt.timedelta(days=days)
    return evolve(point, manifest=ManifestId(guid(500 + point.id.int)), time_created=moment, provisioning_state=state)


def captured(disk: DiskRestorePoint, *, days: int = 0) -> DiskRestorePoint:
    return evolve(disk, state=STATE, time_created=MOMENT + dt.timedelta(days=days))


def test_a_point_survives_its_row_with_and_without_what_is_optional(conn: Connection, collection: Collection) -> None:
    local = example_point(collection, 1, name="local")
    copy = evolve(
        example_point(collection, 2, name="Copy"),
        provisioning_state=ProvisioningState.FAILED,
        consistency=None,
        source_point_id="/subscriptions/s/source",
        copy_state=CopyState.FAILED,
        source_time_created=MOMENT - dt.timedelta(hours=1),
        exclude_disks=("/subscriptions/s/d1", "/subscriptions/s/d2"),
        source_metadata={"vmId": "v", "nested": {"list": [1, None, "x"]}},
        manifest=ManifestId(guid(5)),
        operation=OperationId(guid(6)),
        failure=Failure(code="CopyTimedOut", message="too long", percent=40.0),
    )
    for point in (local, copy):
        points.insert_point(conn, point)
    assert points.get_point(conn, group="DEFAULT", collection="WEB", name="LOCAL") == local
    assert points.get_point_by_guid(conn, copy.id) == copy
    assert points.get_point(conn, group="default", collection="web", name="other") is None
    assert points.get_point_by_guid(conn, PointId(guid(99))) is None


def test_a_point_shows_its_collections_names_as_they_were_created(conn: Connection, collection: Collection) -> None:
    points.insert_point(conn, evolve(example_point(collection), group="DEFAULT", collection_name="WEB"))
    assert points.get_point(conn, group="default", collection="web", name="p1") == example_point(collection)


def test_a_second_point_of_one_name_is_refused_and_named(conn: Connection, collection: Collection) -> None:
    points.insert_point(conn, example_point(collection, 1))
    with pytest.raises(RefusedError, match="restore point 'P1' in collection 'Web' exists already") as refusal:
        points.insert_point(conn, example_point(collection, 2, name="P1"))
    assert refusal.value.code is Code.CONFLICT


def test_a_point_in_a_collection_that_is_gone_is_refused(conn: Connection) -> None:
    with pytest.raises(RefusedError) as refusal:
        points.insert_point(conn, example_point(example_collection(7)))
    assert refusal.value.code is Code.CONFLICT


def test_points_are_listed_by_time_and_of_one_moment_by_birth(conn: Connection, collection: Collection) -> None:
    for number, days in ((1, 3), (2, 1), (3, 1), (4, 2)):
        point = example_point(collection, number, name=f"p{number}")
        points.insert_point(conn, evolve(point, time_created=MOMENT + dt.timedelta(days=days)))
    assert [point.name for point in points.list_points(conn, collection.id)] == ["p2", "p3", "p4", "p1"]


def test_an_updated_point_is_replaced(conn: Connection, collection: Collection) -> None:
    points.insert_point(conn, example_point(collection))
    changed = published(example_point(collection))
    points.update_point(conn, changed)
    assert points.list_points(conn, collection.id) == [changed]


def test_a_point_that_is_gone_cannot_be_published(conn: Connection, collection: Collection) -> None:
    with pytest.raises(RefusedError) as refusal:
        points.update_point(conn, published(example_point(collection)))
    assert refusal.value.code is Code.RESOURCE_NOT_FOUND


def test_the_latest_complete_point_has_a_manifest_and_is_not_being_deleted(conn: Connection, collection: Collection) -> None:
    assert points.latest_complete_point(conn, collection.id) is None
    newest = published(example_point(collection, 2, name="p2"), days=2)
    for point in (
        published(example_point(collection, 1), days=1),
        newest,
        evolve(example_point(collection, 3, name="creating"), time_created=MOMENT + dt.timedelta(days=3)),
        published(example_point(collection, 4, name="going"), days=4, state=ProvisioningState.DELETING),
    ):
        points.insert_point(conn, point)
    assert points.latest_complete_point(conn, collection.id) == newest


def test_failed_points_and_those_being_deleted_are_not_live(conn: Connection, collection: Collection) -> None:
    for number, state in enumerate(ProvisioningState):
        points.insert_point(conn, evolve(example_point(collection, number, name=f"p{number}"), provisioning_state=state))
    assert points.count_live(conn, collection.id) == 3


def test_a_disk_point_survives_its_row_with_and_without_what_is_optional(conn: Connection, collection: Collection) -> None:
    point = example_point(collection)
    points.insert_point(conn, point)
    new = example_disk_point(point, 1, disk="OS")
    complete = evolve(
        example_disk_point(point, 2, disk="data", lun=4),
        source_disk_point_id="/subscriptions/s/source",
        state=STATE,
        scope=ScopeId(guid(8)),
        mode=CaptureMode.FULL,
        why_full=WhyFull.NO_TRACKER,
        change_detection=ChangeDetection.FILE_TIMES,
        read_bytes=1 << 40,
        stored_bytes=1 << 39,
    )
    disk_points.insert_disk_points(conn, [new, complete])
    assert disk_points.get_disk_point(conn, point.id, new.name.upper()) == new
    assert disk_points.get_disk_point_by_guid(conn, complete.id) == complete
    assert disk_points.get_disk_point(conn, point.id, "other") is None


def test_the_os_disk_comes_first_and_data_disks_by_lun(conn: Connection, collection: Collection) -> None:
    point = example_point(collection)
    points.insert_point(conn, point)
    luns = (10, None, 0, 2)
    disks = [example_disk_point(point, number, disk=f"d{lun}", lun=lun) for number, lun in enumerate(luns)]
    disk_points.insert_disk_points(conn, disks)
    assert [disk.lun for disk in disk_points.list_disk_points(conn, point.id)] == [None, 0, 2, 10]


def test_an_updated_disk_point_is_replaced(conn: Connection, collection: Collection) -> None:
    point = example_point(collection)
    points.insert_point(conn, point)
    disk_points.insert_disk_points(conn, [example_disk_point(point)])
    changed = captured(example_disk_point(point))
    disk_points.update_disk_point(conn, changed)
    assert disk_points.list_disk_points(conn, point.id) == [changed]


def test_a_disk_point_of_a_point_that_is_gone_is_refused(conn: Connection, collection: Collection) -> None:
    with pytest.raises(RefusedError) as refusal:
        disk_points.insert_disk_points(conn, [example_disk_point(example_point(collection))])
    assert refusal.value.code is Code.CONFLICT


def test_the_latest_state_of_a_disk_is_of_a_complete_point_that_stays(conn: Connection, collection: Collection) -> None:
    complete = published(example_point(collection, 1))
    creating = example_point(collection, 2, name="creating")
    going = published(example_point(collection, 3, name="going"), state=ProvisioningState.DELETING)
    for point in (complete, creating, going):
        points.insert_point(conn, point)
    disks = [captured(example_disk_point(point, number), days=number) for number, point in enumerate((complete, creating, going))]
    disk_points.insert_disk_points(conn, disks)
    assert disk_points.latest_state_of_disk(conn, source_unique_id="unique-os") == disks[0]
    assert disk_points.latest_state_of_disk(conn, source_unique_id="unique-data") is None


def test_of_two_complete_states_of_a_disk_the_newer_counts(conn: Connection, collection: Collection) -> None:
    for number in (1, 2):
        points.insert_point(conn, published(example_point(collection, number, name=f"p{number}"), days=number))
        point = example_point(collection, number)
        disk_points.insert_disk_points(conn, [captured(example_disk_point(point, number), days=number)])
    latest = disk_points.latest_state_of_disk(conn, source_unique_id="unique-os")
    assert latest is not None
    assert latest.id == DiskPointId(guid(2))


def test_deleting_a_point_takes_its_disk_points_and_nothing_else(conn: Connection, collection: Collection) -> None:
    kept, gone = example_point(collection, 1, name="kept"), example_point(collection, 2, name="gone")
    for number, point in enumerate((kept, gone)):
        points.insert_point(conn, point)
        disk_points.insert_disk_points(conn, [example_disk_point(point, number)])
    points.delete_point(conn, gone.id)
    points.delete_point(conn, gone.id)
    assert points.list_points(conn, collection.id) == [kept]
    assert disk_points.list_disk_points(conn, gone.id) == []
    assert len(disk_points.list_disk_points(conn, kept.id)) == 1


def test_disk_points_may_be_deleted_by_themselves(conn: Connection, collection: Collection) -> None:
    point = example_point(collection)
    points.insert_point(conn, point)
    disk_points.insert_disk_points(conn, [example_disk_point(point)])
    disk_points.delete_disk_points(conn, point.id)
    assert disk_points.list_disk_points(conn, point.id) == []
