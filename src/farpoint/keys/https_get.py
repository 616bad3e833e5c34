"""One small document over HTTPS: how an issuer's public keys are fetched. Bounded in size, and in how long nothing comes."""

import http.client
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from farpoint.errors import Code, UnavailableError

_SECONDS: Final = 5.0
#: Key sets have a few KiB.
_BYTES_MAX: Final = 1 << 20
_OK: Final = 200


def fetch_json(url: str, *, ca_file: Path | None) -> Mapping[str, object]:
    """Return the JSON object at *url*; no redirect is followed. Raises UnavailableError(ISSUER_UNAVAILABLE)."""
    try:
        document: object = json.loads(_fetch(url, ca_file))
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise _unavailable(url, str(error) or type(error).__name__) from error
    if not isinstance(document, dict):
        raise _unavailable(url, "it is no JSON object")
    return cast("Mapping[str, object]", document)


def _fetch(url: str, ca_file: Path | None) -> bytes:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise _unavailable(url, "it is no https address")
    tls = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=_SECONDS, context=tls)
    try:
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("GET", target, headers={"Accept": "application/json", "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read(_BYTES_MAX + 1)
    finally:
        connection.close()
    if answer.status != _OK:
        raise _unavailable(url, f"it answers {answer.status}")
    if len(body) > _BYTES_MAX:
        raise _unavailable(url, f"it is longer than {_BYTES_MAX} bytes")
    return body


def _unavailable(url: str, why: str) -> UnavailableError:
    return UnavailableError(Code.ISSUER_UNAVAILABLE, f"the keys of a token's issuer cannot be read from {url}: {why}", hint="Ask again.")
