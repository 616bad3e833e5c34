"""Watch a restore point or an operation while it runs: what its document says, every now and then."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Self

import httpx
from attrs import frozen
from tests.e2e.arm_http import ArmHttp
from tests.e2e.dev_regions import PATIENCE_SECONDS, at, until

from farpoint.model.documents import JsonObject

_POLL_SECONDS = 0.1


@frozen(kw_only=True)
class Sample:
    """What one poll saw of a copy."""

    state: str
    step: str
    waiting: str
    planned: bool
    done_bytes: int
    percent: int
    #: Seconds since the progress was written, as the poll saw it.
    age_seconds: float

    @property
    def runs(self) -> bool:
        """True until the work has ended."""
        return self.state == "Running"


def sample_of(point: JsonObject) -> Sample:
    """Read a copy's instance view."""
    view = at(point, "properties", "instanceView")
    work = at(view, "farpoint")
    disks = at(view, "diskRestorePoints") or []
    assert isinstance(disks, list)
    percents = [at(disk, "replicationStatus", "completionPercent") for disk in disks]
    updated = at(work, "updatedAt")
    age = 0.0 if updated is None else (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(str(updated))).total_seconds()
    return Sample(
        state=str(at(work, "state")),
        step=str(at(work, "step") or ""),
        waiting=str(at(work, "waiting") or ""),
        planned=at(work, "bytesTotal") is not None,
        done_bytes=int(str(at(work, "bytesDone") or 0)),
        percent=min((int(str(percent)) for percent in percents), default=0),
        age_seconds=age,
    )


def sample(client: ArmHttp, *segments: str) -> Sample | None:
    """Look at a copy once; None while its region does not answer."""
    try:
        return sample_of(client.get(client.compute(*segments), expand="instanceView"))
    except httpx.TransportError:
        return None


def until_ended(client: ArmHttp, *segments: str, seconds: float = PATIENCE_SECONDS) -> Sample:
    """Wait until a copy has ended, over all outages."""
    seen: list[Sample] = []

    def ended() -> bool:
        now = sample(client, *segments)
        if now is not None:
            seen.append(now)
        return now is not None and not now.runs

    until(ended, f"{segments[-1]} has ended (last seen: {seen[-1:]})", seconds=seconds, step=_POLL_SECONDS)
    return seen[-1]


class Watcher:
    """Polls every 100 ms in a thread of its own, for as long as its block runs."""

    def __init__(self, look: Callable[[], Sample | None]) -> None:
        """Look with *look*."""
        self.samples: list[Sample] = []
        self._look = look
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)

    def _watch(self) -> None:
        while not self._stop.is_set():
            seen = self._look()
            if seen is not None:
                self.samples.append(seen)
            time.sleep(_POLL_SECONDS)
