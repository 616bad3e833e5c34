"""Following the peers: their catalogues are pulled into replica tables, from which this region answers when they do not.

Steps of a pull: ask for what changed since the last one → store documents and directory records with the number reached, in one
transaction → again until the head is reached. A new epoch, or a head below what was read, is another database: begin at its start.
"""

import datetime as dt
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from farpoint.clock import Clock
from farpoint.errors import Code, RefusedError, UnavailableError
from farpoint.metadata import replicas
from farpoint.metadata.connection import Connection
from farpoint.metadata.database import Database
from farpoint.metadata.directory import merge_record
from farpoint.metadata.replicas import Feed
from farpoint.model.ids import RegionId
from farpoint.model.relay import CatalogueEntry, CataloguePage

#: A peer without news costs no write; its time is written this often, so that a restart knows it roughly.
_AS_OF_SECONDS: Final = 60.0
#: Peers pulled at once on demand.
_PULLED_AT_ONCE: Final = 8


class CatalogueSource(Protocol):
    """The peers, as far as following them goes."""

    def names(self) -> Sequence[str]:
        """Return the names of the configured peers; asks nobody."""
        ...

    def region_id(self, name: str) -> RegionId:
        """Return the region id of the named peer; asks nobody."""
        ...

    def is_down(self, name: str) -> bool:
        """Tell whether the named peer did not answer just now; asks nobody."""
        ...

    def catalogue(self, name: str, *, after: int) -> CataloguePage:
        """Return what changed at the named peer after the change numbered *after*. Raises UnavailableError."""
        ...


class PeerCatalogues:
    """How far each peer was followed. Safe to use from several threads."""

    def __init__(self, database: Database, clock: Clock, peers: CatalogueSource) -> None:
        """Pull nothing yet."""
        self._database = database
        self._clock = clock
        self._peers = peers
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._as_of: dict[RegionId, dt.datetime] = {}

    def pull(self, name: str) -> None:
        """Bring the replica of the named peer up to what the peer is now. Raises what asking it raises."""
        region = self._peers.region_id(name)
        with self._locks[name]:
            while not self._pull_page(name, region):
                pass

    def refresh(self) -> bool:
        """Pull every peer that answers, all at once; tell whether any did, or there is none to ask."""
        names = [name for name in self._peers.names() if not self._peers.is_down(name)]
        if not names:
            return not self._peers.names()
        with ThreadPoolExecutor(max_workers=min(len(names), _PULLED_AT_ONCE), thread_name_prefix="pull-peers") as pool:
            return None in list(pool.map(self.try_pull, names))

    def try_pull(self, name: str) -> UnavailableError | RefusedError | None:
        """Pull the named peer; return why it could not be done."""
        try:
            self.pull(name)
        except (UnavailableError, RefusedError) as problem:
            return problem
        return None

    def names(self) -> dict[RegionId, str]:
        """Return the configured peers by their region id; the replica of any other region is not used."""
        return {self._peers.region_id(name): name for name in self._peers.names()}

    def as_of(self, region: RegionId) -> dt.datetime | None:
        """Return the moment up to which the region's changes are known here, None before the first pull."""
        seen = self._as_of.get(region)
        if seen is not None:
            return seen
        with self._database.read() as conn:
            feed = replicas.get_feed(conn, region)
        return None if feed is None else feed.as_of

    def _pull_page(self, name: str, region: RegionId) -> bool:
        """Pull one page; tell whether the head is reached."""
        with self._database.read() as conn:
            feed = replicas.get_feed(conn, region)
        asked_at = self._clock.now()
        page = self._peers.catalogue(name, after=0 if feed is None else feed.seq)
        if feed is not None and (page.epoch != feed.epoch or page.head < feed.seq):
            self._write(lambda conn: _start_over(conn, region, Feed(epoch=page.epoch, seq=0, as_of=feed.as_of)))
            return False
        seq = page.entries[-1].seq if page.entries else page.head
        if page.entries and feed is not None and seq <= feed.seq:
            raise RefusedError(Code.PEER_REFUSED, f"the catalogue of {name} goes back from change {feed.seq} to {seq}")
        done = seq >= page.head
        if page.entries or feed is None or (asked_at - feed.as_of).total_seconds() > _AS_OF_SECONDS:
            as_of = asked_at if done or feed is None else feed.as_of
            self._write(lambda conn: _apply(conn, region, page.entries, Feed(epoch=page.epoch, seq=seq, as_of=as_of)))
        if done:
            self._as_of[region] = asked_at
        return done

    def _write(self, change: Callable[[Connection], None]) -> None:
        with self._database.write() as conn:
            change(conn)


def _start_over(conn: Connection, region: RegionId, feed: Feed) -> None:
    replicas.delete_replicas(conn, region)
    replicas.put_feed(conn, region, feed)


def _apply(conn: Connection, region: RegionId, entries: Sequence[CatalogueEntry], feed: Feed) -> None:
    for entry in entries:
        if entry.record is not None:
            merge_record(conn, entry.record)
        elif entry.documents:
            replicas.put_replica(conn, region, entry.path, entry.documents)
        else:
            replicas.delete_replica(conn, region, entry.path)
    replicas.put_feed(conn, region, feed)
