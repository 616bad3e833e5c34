"""Snapshots and the collections behind them: found by whoever asks for snapshots, and by nobody else."""

import pytest
from attrs import evolve

from farpoint.errors import Code, RefusedError
from farpoint.metadata import collections, points, snapshots
from farpoint.metadata.connection import Connection
from farpoint.model.ids import PointId, SnapshotId
from farpoint.model.snapshots import Snapshot, SnapshotOption
from farpoint.testing.example_rows import MOMENT, example_collection, example_point, guid

EXAMPLE = Snapshot(
    id=SnapshotId(guid(50)),
    group="default",
    name="S1",
    location="eastus",
    tags={"a": "b"},
    sku="Standard_LRS",
    create_option=SnapshotOption.COPY_START,
    source_resource_id="/subscriptions/s/resourceGroups/default/providers/Microsoft.Compute/snapshots/s0",
    source_unique_id="u",
    incremental=True,
    os_type="Linux",
    hyper_v_generation="V2",
    size_bytes=1 << 30,
    point=PointId(guid(1)),
    time_created=MOMENT,
)


@pytest.fixture
def snapshot(conn: Connection) -> Snapshot:
    """Insert a snapshot with what it stands on."""
    hidden = evolve(example_collection(), name="$family", of_snapshots=True)
    collections.insert_collection(conn, hidden)
    point = evolve(example_point(hidden), id=PointId(guid(1)))
    points.insert_point(conn, point)
    snapshots.insert_snapshot(conn, EXAMPLE)
    return EXAMPLE


def test_a_snapshot_comes_back_as_it_was_by_name_and_by_point(conn: Connection, snapshot: Snapshot) -> None:
    assert snapshots.get_snapshot(conn, group="DEFAULT", name="s1") == snapshot
    assert snapshots.get_snapshot_of_point(conn, snapshot.point) == snapshot
    assert snapshots.list_snapshots(conn) == snapshots.list_snapshots(conn, group="Default") == [snapshot]
    assert snapshots.list_snapshots(conn, group="other") == []
    changed = evolve(snapshot, tags={}, sku="Premium_LRS")
    snapshots.update_snapshot(conn, changed)
    assert snapshots.get_snapshot(conn, group="default", name="S1") == changed


def test_a_name_is_taken_once_in_a_group(conn: Connection, snapshot: Snapshot) -> None:
    twin = evolve(snapshot, id=SnapshotId(guid(51)), name="s1")
    with pytest.raises(RefusedError) as caught:
        snapshots.insert_snapshot(conn, twin)
    assert caught.value.code is Code.CONFLICT


@pytest.mark.usefixtures("snapshot")
def test_the_collection_behind_snapshots_is_found_only_as_one(conn: Connection) -> None:
    found = snapshots.find_snapshot_collection(conn, group="default", name="$FAMILY")
    assert found is not None
    assert found.of_snapshots
    assert collections.get_collection(conn, group="default", name="$family") is None
    assert collections.list_collections(conn) == []
    assert points.get_point(conn, group="default", collection="$family", name="p1") is None
    assert len(points.list_points(conn, found.id)) == 1


def test_a_collection_that_is_shown_is_none_behind_snapshots(conn: Connection) -> None:
    collections.insert_collection(conn, example_collection())
    assert snapshots.find_snapshot_collection(conn, group="default", name=example_collection().name) is None


def test_a_point_is_not_deleted_from_under_its_snapshot(conn: Connection, snapshot: Snapshot) -> None:
    with pytest.raises(RefusedError):
        points.delete_point(conn, snapshot.point)
    snapshots.delete_snapshot(conn, snapshot.id)
    points.delete_point(conn, snapshot.point)
    assert snapshots.get_snapshot(conn, group="default", name="S1") is None
