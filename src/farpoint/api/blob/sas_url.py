"""The values of a disk URL, taken from a path and a query in whatever order and encoding a client wrote them."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from farpoint.keys.sas import SasToken

#: Account, container and blob.
_SEGMENTS: Final = 3
#: Longer URLs are none of ours.
_URL_MAX: Final = 4096


def token_of(path: str, query: Mapping[str, str]) -> SasToken | None:
    """Return what a decoded path and query say; None when the path cannot be a blob's."""
    segments = path.strip("/").split("/")
    if len(segments) != _SEGMENTS:
        return None
    account, container, blob = segments
    return SasToken(
        account=account,
        container=container,
        blob=blob,
        version=query.get("sv", ""),
        resource=query.get("sr", ""),
        grant=query.get("si", ""),
        signature=query.get("sig", ""),
    )


def token_of_url(url: str) -> SasToken | None:
    """Return what a whole URL says, wherever it points; None when it is no blob's."""
    try:
        parts = urlsplit(url[:_URL_MAX])
        return token_of(unquote(parts.path), dict(parse_qsl(parts.query)))
    except ValueError:
        return None
