"""Comparing JSON with azure-wire.md: names, order and types count; what Farpoint adds in `farpoint` objects does not."""

import json
import re
import uuid
from collections.abc import Iterable

import httpx


class Guid:
    """Equals any GUID in lower case, after a prefix."""

    def __init__(self, prefix: str = "") -> None:
        """Expect *prefix* before the GUID."""
        self._prefix = prefix

    def __eq__(self, other: object) -> bool:
        text = str(other)
        try:
            return text == f"{self._prefix}{uuid.UUID(text.removeprefix(self._prefix))}"
        except ValueError:
            return False

    __hash__ = None  # type: ignore[assignment]  # it equals many things

    def __repr__(self) -> str:
        return f"<{self._prefix}GUID>"


class Time:
    """Equals any time as Azure writes one: fraction without trailing zeros, offset +00:00."""

    _FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?\+00:00")

    def __eq__(self, other: object) -> bool:
        return self._FORM.fullmatch(str(other)) is not None

    __hash__ = None  # type: ignore[assignment]  # it equals many things

    def __repr__(self) -> str:
        return "<time>"


def azure_part(answer: httpx.Response) -> object:
    """Return the document of *answer* in a form whose equality regards order and number types, without what only Farpoint has."""
    return ordered(json.loads(answer.text))


def ordered(document: object) -> object:
    """Write objects as lists of pairs, and numbers with their type; `farpoint` objects are left out."""
    if isinstance(document, dict):
        return [(key, ordered(value)) for key, value in document.items() if key != "farpoint"]
    if isinstance(document, list):
        return [ordered(value) for value in document]
    if isinstance(document, int | float):
        return (type(document).__name__, document)
    return document


def names_of(document: Iterable[str]) -> list[str]:
    """Return the names in an object, in order, without ours."""
    return [name for name in document if name != "farpoint"]
