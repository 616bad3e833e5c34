"""The writer of the catalogue log: takes what has changed, writes it to the bucket, and lets a write request be answered.

One round: take the waiting changes, read the rows as they are now, compose the entry and keep its bytes (one transaction) → put the
entry → record it as the head (one transaction). Whoever waits while a round runs shares the next one.

Promises: when settle() returns, every change committed before it was called is in the bucket. While the log cannot be written,
refuse_when_stuck() lets nobody start what could not be acknowledged. A second writer on the log ends the process.
"""

import contextlib
import logging
import threading
from collections.abc import Callable

from farpoint.clock import Clock
from farpoint.codec.catalogue_format import NO_ENTRY
from farpoint.codec.digest import entry_digest
from farpoint.errors import Code, FarpointError, RefusedError, SecondWriterError, UnavailableError
from farpoint.metadata import catalogue
from farpoint.metadata.catalogue import Batch, Head
from farpoint.metadata.connection import Connection
from farpoint.metadata.database import Database
from farpoint.metadata.resource_rows import read_resource
from farpoint.model.catalogue import ResourceChange
from farpoint.vault.catalogue import CatalogueLog

_log = logging.getLogger(__name__)
#: Changes in one entry: a record has about a kilobyte, and a request can make it 4 MiB at most.
CHANGES_MAX = 128
#: A log that could not be written is tried again after this time, whether or not anybody asks.
RETRY_SECONDS = 1.0
#: A pause between two looks for changes that nobody waits for: a capture commits often and changes few resources.
_PAUSE_SECONDS = 0.25
#: A stop does not wake who waits for a commit: so often it is looked for.
_IDLE_SECONDS = 5.0


class CatalogueWriter:
    """The one writer of a region's log; share it between threads."""

    def __init__(self, *, database: Database, log: CatalogueLog, epoch: int, stop: Callable[[SecondWriterError], None]) -> None:
        """Write *epoch* of *log*; *stop* ends the process when somebody else writes it too."""
        self._database = database
        self._log = log
        self._epoch = epoch
        self._stop = stop
        self._turn = threading.Lock()
        #: Numbers of the newest round that has begun, and of the newest that published everything it found.
        self._begun = 0
        self._done = 0
        self._trouble: FarpointError | None = None

    def open(self) -> None:
        """See that database and log belong together, and write what an earlier process left unwritten.

        Raises RefusedError(CONFIGURATION) when one of them is older than the other.
        """
        self._refuse_when_apart()
        # A log that cannot be written now stops nobody from reading; follow() tries again and says so.
        with contextlib.suppress(UnavailableError):
            self.settle()
        # Once more: an old copy that was made while an entry was on its way has only now come to what the log says next.
        self._refuse_when_apart()

    def refuse_when_stuck(self) -> None:
        """Raise UnavailableError(CATALOGUE_UNAVAILABLE) while the last attempt to write the log has failed."""
        trouble = self._trouble
        if trouble is not None:
            raise _unavailable("Nothing was started", trouble)

    def settle(self) -> None:
        """Return when every change that was committed before this call is in the bucket.

        Raises UnavailableError(CATALOGUE_UNAVAILABLE) when the log cannot be written now.
        """
        asked = self._begun
        with self._turn:
            if self._done > asked:
                # A whole round began after we asked: it took our changes too.
                return
            self._begun += 1
            try:
                self._publish_all()
            except SecondWriterError as error:
                self._stop(error)
                raise
            except FarpointError as error:
                self._trouble = error
                raise _unavailable("The change was made and is not safe yet", error) from error
            self._trouble = None
            self._done = self._begun

    def follow(self, clock: Clock, stopping: threading.Event) -> None:
        """Write changes that nobody waits for, such as those of workflows, soon after they are committed; until *stopping*."""
        committed, failing = self._database.committed, False
        while not stopping.is_set():
            committed.clear()
            try:
                self.settle()
            except Exception as error:  # noqa: BLE001 - the worker loop's edge
                if not failing:
                    _log.warning("catalogue_not_written", extra={"reason": str(error)}, exc_info=not isinstance(error, FarpointError))
                failing = True
                clock.sleep(RETRY_SECONDS, wake=stopping)
                continue
            if failing:
                _log.info("catalogue_written_again")
            failing = False
            clock.sleep(_PAUSE_SECONDS, wake=stopping)
            clock.sleep(_IDLE_SECONDS, wake=committed)

    def _refuse_when_apart(self) -> None:
        with self._database.read() as conn:
            newest, batch = catalogue.newest_object(conn), catalogue.stored_batch(conn)
        if newest is not None:
            self._check_newest(newest)
        due = 1 if newest is None else newest.seq + 1
        if batch is None and self._log.has_entry(self._epoch, due):
            message = f"the bucket's catalogue log goes on after entry {due - 1} of epoch {self._epoch}, the last that this database knows"
            raise RefusedError(Code.CONFIGURATION, message, hint="The database was restored from an old copy: restore its newest state.")

    def _check_newest(self, newest: Head) -> None:
        found = self._log.digest_of(self._epoch, newest.seq)
        if found == newest.digest:
            return
        if found is None or self._log.has_entry(self._epoch, newest.seq):
            message = f"the bucket's catalogue log does not hold entry {newest.seq} of epoch {self._epoch} as this database wrote it"
            raise RefusedError(Code.CONFIGURATION, message, hint="The bucket was put back to an older state: restore its newest one.")
        # What it said is in the database still; a rebuild would miss it.
        _log.error("catalogue_entry_damaged", extra={"epoch": self._epoch, "seq": newest.seq})

    def _publish_all(self) -> None:
        while self._publish_one():
            pass

    def _publish_one(self) -> bool:
        """Write one entry; tell whether more changes may have waited than it holds."""
        with self._database.read() as conn:
            if not catalogue.has_work(conn):
                return False
        with self._database.write() as conn:
            left = catalogue.stored_batch(conn)
            batch, more = self._take(conn) if left is None else (left, True)
        # A crash here leaves the bytes: the next start puts the same, or finds that they are there.
        self._log.publish(batch.object, epoch=self._epoch, seq=batch.seq)
        # A crash here leaves an entry that the next start finds to be its own.
        with self._database.write() as conn:
            catalogue.record_batch(conn, Head(seq=batch.seq, digest=entry_digest(batch.object)))
        return more

    def _take(self, conn: Connection) -> tuple[Batch, bool]:
        waiting = catalogue.waiting(conn, CHANGES_MAX)
        changes = [
            ResourceChange(kind=one.kind, guid=one.guid, arm_path=one.arm_path, resource=read_resource(conn, one.kind, one.guid))
            for one in waiting
        ]
        before = catalogue.newest_object(conn) or Head(seq=0, digest=NO_ENTRY)
        seq = before.seq + 1
        batch = Batch(seq=seq, object=self._log.compose(changes, epoch=self._epoch, seq=seq, previous=before.digest))
        catalogue.store_batch(conn, batch, [(one, change.resource is None) for one, change in zip(waiting, changes, strict=True)])
        return batch, len(waiting) == CHANGES_MAX


def _unavailable(what: str, trouble: FarpointError) -> UnavailableError:
    message = f"{what}: the region's catalogue log cannot be written. {trouble}"
    return UnavailableError(Code.CATALOGUE_UNAVAILABLE, message, hint="Ask again later.")
