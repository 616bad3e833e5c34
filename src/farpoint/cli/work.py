"""Work in a region as its operation tells it: how far each disk is, what it waits for, how it ended.

Regions show the same object in operations and in the instance view of restore points; this is its reading.
"""

from collections.abc import Mapping
from enum import Enum

from attrs import evolve, frozen

from farpoint.cli.documents import count, has_number, number, rows, section, text, texts
from farpoint.cli.failures import OperationFailedError
from farpoint.errors import Code, sentence
from farpoint.model.documents import JsonObject


class End(Enum):
    """Whether work goes on, and how it ended."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@frozen(kw_only=True)
class DiskWork:
    """How far one disk is."""

    name: str
    #: None until the work is planned.
    total_bytes: int | None
    done_bytes: int


@frozen(kw_only=True)
class Work:
    """A snapshot of one operation."""

    end: End = End.RUNNING
    step: str = ""
    #: What it waits for, empty when it works.
    waiting: str = ""
    disks: tuple[DiskWork, ...] = ()
    read_bytes: int = 0
    stored_bytes: int = 0
    wire_bytes: int = 0
    #: What was found and is no failure.
    notes: tuple[str, ...] = ()
    #: The failure, as the region shows it.
    error: JsonObject | None = None

    #: True when the region itself did not answer the last time.
    is_unheard: bool = False

    @property
    def last_step(self) -> str:
        """The step it is in once all bytes are done: they are checked and published then. Empty before, and when it has ended."""
        all_done = bool(self.disks) and all(disk.total_bytes is not None and disk.done_bytes >= disk.total_bytes for disk in self.disks)
        return self.step if all_done and self.end is End.RUNNING else ""

    def unheard(self, cause: str) -> "Work":
        """Return the work as last seen, waiting for the region itself."""
        return evolve(self, waiting=f"{cause}; asking again", is_unheard=True)

    def raise_if_failed(self, what: str) -> None:
        """Raise how *what* failed, with code, disk, offset and cause."""
        if self.end is End.FAILED:
            error = self.error or {}
            raise OperationFailedError(f"{what} failed: {failure_sentence(error)}", damaged=text(error, "code") == Code.INTEGRITY)


def work_of_operation(document: JsonObject) -> Work:
    """Read an operation's answer."""
    ends = {"succeeded": End.SUCCEEDED, "failed": End.FAILED, "canceled": End.FAILED}
    # A copy's ARM operation succeeds when the copy has started; the work itself is what we want.
    word = text(document, "farpoint", "state") or text(document, "status")
    return work_of_facts(section(document, "farpoint"), end=ends.get(word.lower(), End.RUNNING), error=section(document, "error"))


def work_of_point(document: JsonObject) -> Work:
    """Read a restore point that was asked for with its instance view."""
    properties = section(document, "properties")
    view = section(properties, "instanceView")
    codes = [text(status, "code").lower() for status in rows(view, "statuses")]
    error = section(properties, "farpoint", "error")
    if text(properties, "provisioningState").lower() == "failed" or any(code.endswith("/failed") for code in codes):
        return work_of_facts(section(view, "farpoint"), end=End.FAILED, error=error)
    published = bool(codes) and all(code in {"provisioningstate/succeeded", "replicationstate/succeeded"} for code in codes)
    # A copy that can be restored already may still be writing its receipt.
    succeeded = published and text(view, "farpoint", "state").lower() != "running"
    return work_of_facts(section(view, "farpoint"), end=End.SUCCEEDED if succeeded else End.RUNNING, error=error)


def work_of_facts(facts: JsonObject, *, end: End, error: JsonObject) -> Work:
    """Read the ``farpoint`` object of an operation; *error* is what is known of a failure elsewhere."""
    return Work(
        end=end,
        step=text(facts, "step"),
        waiting=text(facts, "waiting") if end is End.RUNNING else "",
        disks=tuple(_disk(row, complete=end is End.SUCCEEDED) for row in rows(facts, "disks")),
        read_bytes=count(facts, "readBytes"),
        stored_bytes=count(facts, "storedBytes"),
        wire_bytes=count(facts, "wireBytes"),
        notes=texts(facts, "notes"),
        error=section(facts, "error") or error or None,
    )


def joined(parts: Mapping[str, Work]) -> Work:
    """Return several pieces of work, each about the one disk it is keyed with, as one that ends when all have ended."""
    works = parts.values()
    failed = next((work for work in works if work.end is End.FAILED), None)
    end = End.SUCCEEDED if failed is None else End.FAILED
    return Work(
        end=End.RUNNING if any(work.end is End.RUNNING for work in works) else end,
        waiting="; ".join(dict.fromkeys(work.waiting for work in works if work.waiting)),
        disks=tuple(evolve(disk, name=name) for name, work in parts.items() for disk in work.disks),
        read_bytes=sum(work.read_bytes for work in works),
        stored_bytes=sum(work.stored_bytes for work in works),
        wire_bytes=sum(work.wire_bytes for work in works),
        error=None if failed is None else failed.error,
        is_unheard=any(work.is_unheard for work in works),
    )


def failure_sentence(error: JsonObject) -> str:
    """Write a failure in one line: code, message, place, hint, percent reached."""
    places = [
        f"disk {text(error, 'disk')}" if text(error, "disk") else "",
        _range(error),
        f"pack {text(error, 'pack')}" if text(error, "pack") else "",
        f"frame {count(error, 'frame')}" if has_number(error, "frame") else "",
    ]
    where = ", ".join(filter(None, places))
    reached = f"{number(error, 'percent'):.1f} % was done." if has_number(error, "percent") else ""
    message = f"{text(error, 'code') or Code.INTERNAL}: {text(error, 'message') or 'no reason was given'}"
    return sentence(message, where=where, hint=" ".join(filter(None, [text(error, "hint"), reached])))


def _range(error: JsonObject) -> str:
    if not has_number(error, "offsetBytes"):
        return ""
    offset = count(error, "offsetBytes")
    return f"bytes {offset}-{offset + max(1, count(error, 'lengthBytes')) - 1}"


def _disk(row: JsonObject, *, complete: bool) -> DiskWork:
    total = count(row, "bytesTotal") if has_number(row, "bytesTotal") else None
    done = total if complete and total is not None else count(row, "bytesDone")
    return DiskWork(name=text(row, "name"), total_bytes=total, done_bytes=done)
