"""HTTP methods, by whether they may change anything."""

from typing import Final

#: Methods that change no resource.
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
