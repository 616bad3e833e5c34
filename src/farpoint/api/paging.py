"""Pages of lists: how long one is, where it begins, and the link to the next.

A token names the last element shown, not a number of elements, so what is made or deleted between two pages neither repeats nor
hides another element.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

from attrs import frozen
from starlette.responses import Response

from farpoint.api.answers import encode_json, json_answer
from farpoint.api.caller import Caller
from farpoint.model.documents import JsonObject, JsonValue
from farpoint.services.refusals import invalid
from farpoint.units import MIB

#: Elements of a page when the caller does not say.
PAGE_ITEMS: Final = 100
#: Most elements of a page, as Azure's.
PAGE_ITEMS_MAX: Final = 1000
#: Size of the elements after which a page ends early: as large as ARM lets one document be, and every client takes.
PAGE_BYTES_MAX: Final = 4 * MIB
_TOP, _TOKEN = "$top", "$skiptoken"
_TOKEN_LENGTH_MAX: Final = 2048
_TOP_DIGITS_MAX: Final = 9


@frozen(kw_only=True)
class Page:
    """The page that is asked for."""

    #: Place of the last element before it, as next_page() wrote it; empty at the start.
    after: tuple[str, ...]
    limit: int


def page_of(caller: Caller, *, parts: int) -> Page:
    """Read which page is asked for; places of this list have *parts* words."""
    return Page(after=_place_in(caller.query.get(_TOKEN, ""), parts=parts), limit=_limit_in(caller.query.get(_TOP)))


def page_answer(caller: Caller, page: Page, elements: Sequence[tuple[tuple[str, ...], JsonObject]]) -> Response:
    """Answer with those elements of *page*, each with its place, that *caller* may read; one more than fit tells of a next page."""
    shown: list[JsonValue] = []
    size_bytes, last = 0, page.after
    for number, (place, element) in enumerate(elements):
        is_readable = caller.may_read(str(element["id"]))
        size_bytes += len(encode_json(element)) if is_readable else 0
        if number == page.limit or (shown and size_bytes > PAGE_BYTES_MAX):
            return json_answer({"value": shown, "nextLink": _next_link(caller, last)})
        if is_readable:
            shown.append(element)
        last = place
    return json_answer({"value": shown})


def _next_link(caller: Caller, place: tuple[str, ...]) -> str:
    token = base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")
    query = {name: value for name, value in caller.query.items() if name != _TOKEN} | {_TOKEN: token}
    return f"{caller.context.endpoint}{quote(caller.path)}?{urlencode(query, safe='$')}"


def _place_in(token: str, *, parts: int) -> tuple[str, ...]:
    if not token:
        return ()
    try:
        place = json.loads(base64.urlsafe_b64decode(token[:_TOKEN_LENGTH_MAX] + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        place = None
    if not isinstance(place, list) or len(place) != parts or not all(isinstance(word, str) for word in place):
        raise invalid(_TOKEN, "The token is not one of this list.", hint="Follow nextLink as it was given.")
    return tuple(place)


def _limit_in(text: str | None) -> int:
    if text is None:
        return PAGE_ITEMS
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= _TOP_DIGITS_MAX else 0
    if not 0 < limit <= PAGE_ITEMS_MAX:
        raise invalid(_TOP, f"'{text:.50}' is not a number of elements that a page can have.", hint=f"Ask for 1 to {PAGE_ITEMS_MAX}.")
    return limit
