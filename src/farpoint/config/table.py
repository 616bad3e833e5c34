"""Typed reading of one TOML table: each value is checked for its type, and keys that no setting knows are refused."""

import difflib
import uuid
from pathlib import Path
from typing import NoReturn

from farpoint.config.settings import SETTINGS
from farpoint.config.values import PORT_MAX, Address
from farpoint.errors import Code, RefusedError
from farpoint.model.documents import JsonObject


def refuse(message: str, *, hint: str = "", target: str = "") -> NoReturn:
    """Refuse the configuration: nothing has been started."""
    raise RefusedError(Code.CONFIGURATION, message, hint=hint, target=target)


class Table:
    """One table of the file, e.g. ``[listen]``; paths resolve against the folder of the file."""

    def __init__(self, name: str, content: JsonObject, *, folder: Path, subtables: tuple[str, ...] = ()) -> None:
        """Take the parsed *content*; refuse keys that are neither settings of the table nor *subtables*."""
        self._name = name
        self._content = content
        self._folder = folder
        self._settings = {setting.key: setting for setting in SETTINGS if setting.table == name}
        self._refuse_unknown(subtables)

    def text(self, key: str) -> str:
        """Return a string value."""
        value = self._value(key)
        if not isinstance(value, str):
            refuse(f"{self._name}.{key} must be a string, not {value!r}", target=f"{self._name}.{key}")
        return value

    def integer(self, key: str, *, lowest: int, highest: int) -> int:
        """Return a whole number within the bounds."""
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            refuse(f"{self._name}.{key} must be a whole number from {lowest} to {highest}, not {value!r}", target=f"{self._name}.{key}")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            refuse(f"{self._name}.{key} must be true or false, not {value!r}", target=f"{self._name}.{key}")
        return value

    def has(self, key: str) -> bool:
        """Tell whether the file sets the key."""
        return key in self._content

    def guid(self, key: str) -> uuid.UUID:
        """Return a GUID."""
        text = self.text(key)
        try:
            return uuid.UUID(text)
        except ValueError:
            refuse(f"{self._name}.{key} must be a GUID, not {text!r}", target=f"{self._name}.{key}")

    def address(self, key: str) -> Address:
        """Return a ``host:port``; an IPv6 host stands in brackets."""
        text = self.text(key)
        host, _, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isdecimal() or not 1 <= int(port) <= PORT_MAX:
            refuse(f"{self._name}.{key} must be HOST:PORT, not {text!r}", hint="For example 127.0.0.1:8443.", target=f"{self._name}.{key}")
        return Address(host=host, port=int(port))

    def path(self, key: str) -> Path:
        """Return an absolute path."""
        return self._folder / self.text(key)

    def paths(self, key: str) -> tuple[Path, ...]:
        """Return a non-empty list of absolute paths."""
        return tuple(self._folder / text for text in self.texts(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a non-empty list of strings."""
        value = self._value(key)
        texts = [item for item in value if isinstance(item, str)] if isinstance(value, (list, tuple)) else []
        if not isinstance(value, (list, tuple)) or not texts or len(texts) != len(value):
            refuse(f"{self._name}.{key} must be a list of one or more strings, not {value!r}", target=f"{self._name}.{key}")
        return tuple(texts)

    def _value(self, key: str) -> object:
        setting = self._settings[key]
        if key in self._content:
            return self._content[key]
        if setting.default is None:
            refuse(f"{self._name}.{key} is missing", hint=setting.meaning, target=f"{self._name}.{key}")
        return setting.default

    def _refuse_unknown(self, subtables: tuple[str, ...]) -> None:
        known = [*self._settings, *subtables]
        for key in self._content:
            if key not in known:
                refuse(f"unknown key {self._name}.{key}", hint=nearest(key, known), target=f"{self._name}.{key}")


def https_url(url: str, *, key: str) -> str:
    """Return *url* without a slash at its end; refuse any scheme but https."""
    if not url.startswith("https://"):
        refuse(f"{key} must begin with https://, not {url!r}", target=key)
    return url.rstrip("/")


def nearest(word: str, known: list[str]) -> str:
    """Say which of *known* is meant by *word*, or list them."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(sorted(known))}."
