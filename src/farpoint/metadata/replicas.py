"""What peers have, as they last said: their resources' documents, read-only here, and how far each peer's catalogue was read.

Losing these tables costs nothing: they are pulled again.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

from attrs import frozen
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, insert, or_, select, tuple_, update

from farpoint.metadata.rows import RowValues, name_key
from farpoint.metadata.tables import replica_feeds, replicas
from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId

#: What belongs to a restore point and is shown and replaced with it.
_PARTS: Final = "diskRestorePoints"

#: Place of an element in a list: group and name in lower case, then the region (empty for this one).
Place = tuple[str, str, str]


@frozen(kw_only=True)
class Replica:
    """One resource of a peer."""

    region: RegionId
    #: ARM id without its subscription, as created there.
    path: str
    #: With everything expanded.
    document: JsonObject

    @property
    def key(self) -> str:
        """The form in which paths are compared."""
        return name_key(self.path)


@frozen(kw_only=True)
class Feed:
    """How far a peer's catalogue was read."""

    epoch: int
    seq: int
    #: Everything the peer had changed before this moment is here.
    as_of: dt.datetime


def get_feed(conn: Connection, region: RegionId) -> Feed | None:
    """Return how far the region's catalogue was read, None before the first pull."""
    row = conn.execute(select(replica_feeds).where(replica_feeds.c.region == region)).mappings().one_or_none()
    return None if row is None else Feed(epoch=row["epoch"], seq=row["seq"], as_of=row["as_of"])


def put_feed(conn: Connection, region: RegionId, feed: Feed) -> None:
    """Record how far the region's catalogue was read."""
    values = {"epoch": feed.epoch, "seq": feed.seq, "as_of": feed.as_of}
    if conn.execute(update(replica_feeds).where(replica_feeds.c.region == region).values(**values)).rowcount == 0:
        conn.execute(insert(replica_feeds).values(region=region, **values))


def put_replica(conn: Connection, region: RegionId, path: str, documents: Sequence[JsonObject]) -> None:
    """Store a resource and its parts as their region showed them, in place of what it showed before."""
    key = name_key(path)
    resource, *parts = documents
    conn.execute(delete(replicas).where(replicas.c.region == region, _part_of(key)))
    rows = [_values_of(region, path, resource), *(_values_of(region, f"{path}/{_PARTS}/{part['name']}", part) for part in parts)]
    conn.execute(insert(replicas), rows)


def _part_of(key: str) -> ColumnElement[bool]:
    return or_(replicas.c.path_key == key, and_(replicas.c.parent_key == key, replicas.c.type.endswith(f"/{name_key(_PARTS)}")))


def _values_of(region: RegionId, path: str, document: JsonObject) -> RowValues:
    segments = name_key(path).strip("/").split("/")
    return {
        "region": region,
        "path_key": name_key(path),
        "path": path,
        "type": "/".join((segments[3], *segments[4::2])),
        "group_key": segments[1],
        "name_key": segments[-1],
        "parent_key": "/" + "/".join(segments[:-2]),
        "document": document,
    }


def delete_replica(conn: Connection, region: RegionId, path: str) -> None:
    """Remove a resource of that region and everything below it."""
    key = name_key(path)
    below = replicas.c.path_key.between(f"{key}/", f"{key}0", symmetric=False)
    conn.execute(delete(replicas).where(replicas.c.region == region, or_(replicas.c.path_key == key, below)))


def delete_replicas(conn: Connection, region: RegionId) -> None:
    """Forget all that is known of the region's resources."""
    conn.execute(delete(replicas).where(replicas.c.region == region))


def find_replicas(conn: Connection, path: str) -> list[Replica]:
    """Return the resource with that path, whatever its case, in every region that has one."""
    query = select(replicas).where(replicas.c.path_key == name_key(path)).order_by(replicas.c.region)
    return _found(conn, query)


def replicas_below(conn: Connection, region: RegionId, parent: str, type_name: str) -> list[Replica]:
    """Return the children of one resource of the region that are of that type, by name."""
    query = select(replicas).where(
        replicas.c.parent_key == name_key(parent), replicas.c.type == name_key(type_name), replicas.c.region == region
    )
    return _found(conn, query.order_by(replicas.c.name_key))


def list_replicas(
    conn: Connection, type_name: str, *, regions: Collection[RegionId], group: str | None, after: Place | None, limit: int
) -> list[Replica]:
    """Return at most *limit* resources of that type and of these regions, of one group or of all, by place, those after *after*."""
    place = (replicas.c.group_key, replicas.c.name_key, replicas.c.region)
    query = select(replicas).where(replicas.c.type == name_key(type_name), replicas.c.region.in_(regions)).order_by(*place).limit(limit)
    if group is not None:
        query = query.where(replicas.c.group_key == name_key(group))
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(*after))
    return _found(conn, query)


def holders_of(conn: Connection, paths: Collection[str]) -> dict[str, list[RegionId]]:
    """Return the regions that have a resource at each of *paths*, by path key."""
    keys = [name_key(path) for path in paths]
    query = select(replicas.c.path_key, replicas.c.region).where(replicas.c.path_key.in_(keys)).order_by(replicas.c.region)
    found: dict[str, list[RegionId]] = {}
    for key, region in conn.execute(query):
        found.setdefault(key, []).append(RegionId(region))
    return found


def regions_with_group(conn: Connection, group: str) -> Sequence[RegionId]:
    """Return the regions that have anything in the group."""
    query = select(replicas.c.region).where(replicas.c.group_key == name_key(group)).distinct()
    return [RegionId(region) for region in conn.execute(query).scalars()]


def _found(conn: Connection, query: Select[tuple[object, ...]]) -> list[Replica]:
    return [_replica_of(row) for row in conn.execute(query).mappings()]


def _replica_of(row: RowMapping) -> Replica:
    return Replica(region=RegionId(row["region"]), path=row["path"], document=row["document"])
