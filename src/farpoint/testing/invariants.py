"""What must be true of a region at every moment, whatever just died: one named check each.

The oracles are the vault's own verification of bytes against ids, and SQL read straight from the database file.
"""

import sqlite3
import uuid
from collections import Counter
from contextlib import closing

from farpoint.bucket.names import MANIFESTS, PACKS, pack_name
from farpoint.metadata.holds import list_holds
from farpoint.model.ids import ChunkId, ManifestId, NodeId, PackId, ScopeId
from farpoint.model.index import PackKind
from farpoint.model.manifest import Manifest
from farpoint.testing.point_contents import all_points
from farpoint.testing.regions import SmallRegion
from farpoint.vault.verify import verify_state

_RUNNING = "SELECT id FROM operations WHERE state = 'Running'"
_Row = tuple[object, ...]


def check_region(region: SmallRegion) -> None:
    """Check everything that holds at every moment."""
    complete_points_are_whole(region)
    no_operation_has_two_manifests(region)
    closed_means_closed(region)
    the_index_says_what_the_packs_say(region)
    every_pack_has_a_row(region)


def complete_points_are_whole(region: SmallRegion) -> None:
    """Check that points which can be restored, held or copied on have a manifest that says the same as their rows, and every byte here."""
    for point, disks in all_points(region):
        if point.manifest is None:
            continue
        manifest = region.vault.manifests.read(point.manifest)
        said = {entry.name: (entry.state, entry.scope) for entry in manifest.disks}
        assert {disk.disk_name: (disk.state, disk.scope) for disk in disks} == said, f"rows and manifest of {point.name} differ"
        assert point.source_time_created == manifest.guest_freeze, f"rows and manifest of {point.name} name two instants"
        for disk in disks:
            assert disk.state is not None
            assert disk.scope is not None
            report = verify_state(region.vault.reader(disk.scope), disk.state, disk=disk.disk_name, on_bytes=lambda _done: None)
            assert report.damage == (), f"point {point.name} is complete and damaged"


def no_operation_has_two_manifests(region: SmallRegion) -> None:
    """Check that an operation commits once, however often it was begun."""
    counts = Counter(manifest.operation for manifest in manifests(region))
    assert [operation for operation, count in counts.items() if count > 1] == []


def closed_means_closed(region: SmallRegion) -> None:
    """Check that under a closed node everything is here, closed itself, and in packs that were checked."""
    index = region.vault.index
    query = "SELECT hex(nodes.id), scopes.id FROM nodes JOIN scopes ON scopes.number = nodes.scope WHERE closed_since IS NOT NULL"
    for node_hex, scope_text in rows(region, query):
        scope, node_id = _scope(scope_text), NodeId(bytes.fromhex(str(node_hex)))
        row = index.find_nodes(scope, [node_id])[node_id]
        node = region.vault.reader(scope).read_uncached(node_id, row)
        children = [child for child in node.children if child is not None]
        packs = {row.location.pack}
        if node.level == 0:
            chunks = index.find_chunks(scope, [ChunkId(child) for child in children])
            assert set(chunks) == set(children), f"closed leaf {node_hex} has chunks that are not here"
            packs |= {location.pack for location in chunks.values()}
        else:
            below = index.find_nodes(scope, [NodeId(child) for child in children])
            assert all(child in below and below[NodeId(child)].closed_since is not None for child in children), f"{node_hex} is not closed"
        assert index.unchecked_packs(packs) == frozenset(), f"closed node {node_hex} leans on packs nobody checked"


def the_index_says_what_the_packs_say(region: SmallRegion) -> None:
    """Check that every live pack is whole, and every entry of the index a frame of its pack with that id."""
    held: dict[tuple[str, int], str] = {}
    for record in region.vault.index.packs():
        for number, entry in enumerate(region.vault.packs.check_pack(record)):
            held[record.id.hex(), number] = entry.id.hex()
    for kind in (PackKind.DATA, PackKind.NODES):
        table = "chunks" if kind is PackKind.DATA else "nodes"
        query = f"SELECT hex({table}.id), hex(packs.id), frame FROM {table} JOIN packs ON packs.number = {table}.pack"  # noqa: S608 - two names
        for entry_hex, pack_hex, frame in rows(region, query):
            found = held.get((str(pack_hex).lower(), int(str(frame))))
            assert found == str(entry_hex).lower(), f"{table} {entry_hex} is not where the index says"


def every_pack_has_a_row(region: SmallRegion) -> None:
    """Check that every pack object is known: another could never be collected."""
    known = {pack_name(PackId(bytes.fromhex(str(pack)))) for (pack,) in rows(region, "SELECT hex(id) FROM packs")}
    assert {info.name for info in region.bucket.list(PACKS)} <= known


def ended_operations_left_nothing(region: SmallRegion) -> None:
    """Check that no plan and no source on record outlives its operation."""
    assert rows(region, f"SELECT operation FROM copy_sources WHERE operation NOT IN ({_RUNNING})") == []  # noqa: S608 - made here
    numbers = _RUNNING.replace("SELECT id", "SELECT number")
    assert rows(region, f"SELECT operation, disk, block FROM planned_chunks WHERE operation NOT IN ({numbers})") == []  # noqa: S608 - made here


def ended_copies_hold_nothing(region: SmallRegion) -> None:
    """Check that no hold at a source outlives its operation; one whose farewell did not arrive there ends by its ticks."""
    live = {uuid.UUID(str(guid)) for (guid,) in rows(region, _RUNNING)}
    for other in region.others.values():
        with other.database.read() as conn:
            assert [hold for hold in list_holds(conn) if hold.peer == region.region and hold.operation not in live] == []


def manifests(region: SmallRegion) -> list[Manifest]:
    """Return every manifest in the bucket, proven."""
    names = [info.name for info in region.bucket.list(MANIFESTS)]
    return [region.vault.manifests.read(ManifestId(uuid.UUID(name.removeprefix(MANIFESTS)))) for name in names]


def stored_chunks(region: SmallRegion) -> set[bytes]:
    """Return the ids of all chunks in live packs: what is durable."""
    query = "SELECT hex(chunks.id) FROM chunks JOIN packs ON packs.number = chunks.pack WHERE packs.state = 'live'"
    return {bytes.fromhex(str(chunk)) for (chunk,) in rows(region, query)}


def rows(region: SmallRegion, query: str) -> list[_Row]:
    """Read from the database file itself, beside the code under test."""
    file = region.folder / "metadata.sqlite"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return list(connection.execute(query))


def _scope(value: object) -> ScopeId:
    return ScopeId(uuid.UUID(str(value)))
