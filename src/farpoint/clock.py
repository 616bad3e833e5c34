"""The ambient world as arguments: time and entropy.

Only this module may ask the machine what time it is or for random bytes; everybody else is handed a Clock and an Entropy. Tests
hand in fakes from farpoint.testing.
"""

import datetime as dt
import secrets
import threading
import time
import uuid
from typing import Protocol


class Clock(Protocol):
    """Time as the rest of the program sees it."""

    def now(self) -> dt.datetime:
        """Return the wall time, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float, *, wake: threading.Event | None = None) -> None:
        """Wait, or return early when *wake* is set."""
        ...


class Entropy(Protocol):
    """Where ids and salts come from. A seeded source exists only in farpoint.testing."""

    def guid(self) -> uuid.UUID:
        """Return a fresh random GUID (version 4)."""
        ...

    def token_bytes(self, length: int) -> bytes:
        """Return *length* unpredictable bytes from the operating system."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """Return the wall time in UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float, *, wake: threading.Event | None = None) -> None:
        """Sleep, or until *wake* is set."""
        if wake is None:
            time.sleep(seconds)
        else:
            wake.wait(seconds)


class SystemEntropy:
    """The operating system's random source."""

    def guid(self) -> uuid.UUID:
        """Return a fresh random GUID."""
        return uuid.uuid4()

    def token_bytes(self, length: int) -> bytes:
        """Return *length* bytes from the operating system."""
        return secrets.token_bytes(length)
