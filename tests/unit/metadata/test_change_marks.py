"""No write can forget the catalogue log: every function of metadata that changes a resource's rows marks the resource.

The functions are found by reading the source; each is then called, and the log's list of pending changes is looked at.
"""

import ast
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from farpoint import metadata
from farpoint.metadata import (
    collections,
    descriptions,
    directory,
    disk_points,
    disks,
    index_tables,
    points,
    snapshots,
    tables,
    virtual_machines,
)
from farpoint.metadata.catalogue import Batch, store_batch, waiting
from farpoint.metadata.connection import Connection
from farpoint.metadata.schema import METADATA
from farpoint.model.catalogue import ResourceKind
from farpoint.model.directory import DirectoryRecord
from farpoint.model.ids import RegionId
from farpoint.testing.example_rows import (
    example_collection,
    example_description,
    example_disk,
    example_disk_point,
    example_point,
    example_snapshot,
    example_vm,
    guid,
)

#: Variables of metadata.tables whose rows are resources that users see, or part of one.
RESOURCE_TABLES = frozenset(
    {
        "directory_records",
        "disks",
        "virtual_machines",
        "attached_disks",
        "collections",
        "points",
        "disk_points",
        "snapshots",
        "descriptions",
    }
)
#: Everything else: how a region does its work. A new table belongs to one of the two.
INTERNAL_TABLES = frozenset(
    {
        "schema_version",
        "settings",
        "counters",
        "operations",
        "holds",
        "receipts",
        "peer_pins",
        "scopes",
        "packs",
        "chunks",
        "nodes",
        "planned_chunks",
        "copy_sources",
        "restore_checkpoints",
        "pending_changes",
        "catalogue_batch",
        "catalogue_changes",
        "catalogue_head",
        "replicas",
        "replica_feeds",
        "access_grants",
        "activity",
    }
)
_WRITES = frozenset({"insert", "update", "delete", "insert_row", "update_row", "delete_row", "insert_or"})

RECORD = DirectoryRecord(kind="group", path="/resourceGroups/default", version=1, origin=RegionId(guid(1)))
DISK = example_disk(2)
VM = example_vm(3, disks=(DISK,))
COLLECTION = example_collection(4)
POINT = example_point(COLLECTION, 5)
DISK_POINT = example_disk_point(POINT, 6)
SNAPSHOT = example_snapshot(POINT, 7)
NETWORK = example_description(8)
_POINT = ("insert_collection", "insert_point")
_DISK_POINT = (*_POINT, "insert_disk_points")
_SNAPSHOT = (*_DISK_POINT, "insert_snapshot")
_COMPUTE = "/resourceGroups/default/providers/Microsoft.Compute"

#: A resource, by what the log calls it.
Marked = tuple[ResourceKind, uuid.UUID, str]
RECORD_MARK: Marked = (ResourceKind.DIRECTORY, RECORD.guid, RECORD.path)
DISK_MARK: Marked = (ResourceKind.DISK, DISK.id, f"{_COMPUTE}/disks/os")
VM_MARK: Marked = (ResourceKind.VIRTUAL_MACHINE, VM.id, f"{_COMPUTE}/virtualMachines/web")
COLLECTION_MARK: Marked = (ResourceKind.COLLECTION, COLLECTION.id, f"{_COMPUTE}/restorePointCollections/web")
POINT_MARK: Marked = (ResourceKind.POINT, POINT.id, f"{_COMPUTE}/restorePointCollections/web/restorePoints/p1")

SNAPSHOT_MARK: Marked = (ResourceKind.SNAPSHOT, SNAPSHOT.id, f"{_COMPUTE}/snapshots/s1")
NETWORK_MARK: Marked = (
    ResourceKind.DESCRIPTION, NETWORK.id, "/resourceGroups/default/providers/Microsoft.Network/virtualNetworks/net",
)  # fmt: skip


def _write_record(conn: Connection) -> None:
    directory.write_record(conn, kind=RECORD.kind, path=RECORD.path, origin=RECORD.origin, body={})


def _merge_record(conn: Connection) -> None:
    assert directory.merge_record(conn, RECORD)


#: Function -> the functions to call before it, how to call it, and what it must mark.
Call = Callable[[Connection], None]
CALLS: dict[str, tuple[tuple[str, ...], Call, Marked]] = {
    "write_record": ((), _write_record, RECORD_MARK),
    "merge_record": ((), _merge_record, RECORD_MARK),
    "insert_disk": ((), lambda conn: disks.insert_disk(conn, DISK), DISK_MARK),
    "update_disk": (("insert_disk",), lambda conn: disks.update_disk(conn, DISK), DISK_MARK),
    "delete_disk": (("insert_disk",), lambda conn: disks.delete_disk(conn, DISK.id), DISK_MARK),
    "insert_vm": (("insert_disk",), lambda conn: virtual_machines.insert_vm(conn, VM), VM_MARK),
    "update_vm": (("insert_disk", "insert_vm"), lambda conn: virtual_machines.update_vm(conn, VM), VM_MARK),
    "delete_vm": (("insert_disk", "insert_vm"), lambda conn: virtual_machines.delete_vm(conn, VM.id), VM_MARK),
    "insert_collection": ((), lambda conn: collections.insert_collection(conn, COLLECTION), COLLECTION_MARK),
    "update_collection": (("insert_collection",), lambda conn: collections.update_collection(conn, COLLECTION), COLLECTION_MARK),
    "delete_collection": (("insert_collection",), lambda conn: collections.delete_collection(conn, COLLECTION.id), COLLECTION_MARK),
    "insert_point": (("insert_collection",), lambda conn: points.insert_point(conn, POINT), POINT_MARK),
    "update_point": (_POINT, lambda conn: points.update_point(conn, POINT), POINT_MARK),
    "delete_point": (_POINT, lambda conn: points.delete_point(conn, POINT.id), POINT_MARK),
    "insert_disk_points": (_POINT, lambda conn: disk_points.insert_disk_points(conn, [DISK_POINT]), POINT_MARK),
    "update_disk_point": (_DISK_POINT, lambda conn: disk_points.update_disk_point(conn, DISK_POINT), POINT_MARK),
    "delete_disk_points": (_DISK_POINT, lambda conn: disk_points.delete_disk_points(conn, POINT.id), POINT_MARK),
    "insert_snapshot": (_DISK_POINT, lambda conn: snapshots.insert_snapshot(conn, SNAPSHOT), SNAPSHOT_MARK),
    "update_snapshot": (_SNAPSHOT, lambda conn: snapshots.update_snapshot(conn, SNAPSHOT), SNAPSHOT_MARK),
    "delete_snapshot": (_SNAPSHOT, lambda conn: snapshots.delete_snapshot(conn, SNAPSHOT.id), SNAPSHOT_MARK),
    "insert_description": ((), lambda conn: descriptions.insert_description(conn, NETWORK), NETWORK_MARK),
    "update_description": (("insert_description",), lambda conn: descriptions.update_description(conn, NETWORK), NETWORK_MARK),
    "delete_description": (("insert_description",), lambda conn: descriptions.delete_description(conn, NETWORK.id), NETWORK_MARK),
}


def writing_functions() -> Iterator[str]:
    """Yield the public functions of metadata that write rows of resources, themselves or through a private one of their module."""
    for path in sorted(Path(metadata.__file__).parent.glob("*.py")):
        functions = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
        writing = {function.name for function in functions if any(map(_writes_resource, ast.walk(function)))}
        for function in functions:
            named = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
            if not function.name.startswith("_") and (function.name in writing or named & {one for one in writing if one.startswith("_")}):
                yield function.name


def _writes_resource(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in _WRITES:
        return False
    return any(isinstance(argument, ast.Name) and argument.id in RESOURCE_TABLES for argument in node.args)


def test_every_table_is_a_resource_s_or_internal() -> None:
    by_table = {id(value): name for name, value in {**vars(index_tables), **vars(tables)}.items()}
    assert {by_table[id(table)] for table in METADATA.tables.values()} == RESOURCE_TABLES | INTERNAL_TABLES


def test_every_function_that_writes_a_resource_is_called_below() -> None:
    assert set(writing_functions()) == set(CALLS)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_the_function_marks_what_it_changes(conn: Connection, name: str) -> None:
    before, call, mark = CALLS[name]
    for one in before:
        CALLS[one][1](conn)
    store_batch(conn, Batch(seq=1, object=b""), [(one, False) for one in waiting(conn, 100)])
    call(conn)
    assert mark in {(one.kind, one.guid, one.arm_path) for one in waiting(conn, 100)}


@pytest.mark.parametrize("name", ["update_point", "update_disk_point"])
def test_a_change_of_the_point_behind_a_snapshot_marks_the_snapshot(conn: Connection, name: str) -> None:
    for one in _SNAPSHOT:
        CALLS[one][1](conn)
    store_batch(conn, Batch(seq=1, object=b""), [(one, False) for one in waiting(conn, 100)])
    CALLS[name][1](conn)
    assert SNAPSHOT_MARK in {(one.kind, one.guid, one.arm_path) for one in waiting(conn, 100)}
