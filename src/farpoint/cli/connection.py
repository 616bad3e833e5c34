"""One keep-alive HTTPS connection to one region, on the standard library alone: a command starts in 0.3 s.

A request that may have reached the region is never sent twice, unless that changes nothing.
"""

import http.client
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

from farpoint.cli.failures import UnreachableError, UsageError

_PORT_HTTPS = 443
#: A region on this machine or one ocean away answers a handshake well within this.
_CONNECT_SECONDS = 5.0
#: The longest a healthy region may take over one short request.
_ANSWER_SECONDS = 60.0
#: Bound of one answer: a page of resources is far smaller.
_ANSWER_BYTES_MAX = 64 << 20


@frozen(kw_only=True)
class Answer:
    """What came back."""

    status: int
    #: Header values by lower-case name.
    headers: dict[str, str]
    body: bytes


@frozen(kw_only=True)
class Request:
    """What to send: *target* is path and query."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None = None
    #: Sending it twice changes nothing.
    is_harmless: bool = False


def client_tls(ca_file: Path | None) -> ssl.SSLContext:
    """Return the context that trusts *ca_file*, or the system's authorities when there is none."""
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        message = f"cannot read the authority in FARPOINT_CA_FILE={ca_file}: {error}"
        raise UsageError(message) from error


class Connection:
    """The connection to one endpoint; opened when first used, again when it was lost."""

    def __init__(self, endpoint: str, tls: ssl.SSLContext, *, region: str) -> None:
        """Take the base URL; *region* is the name to use in sentences."""
        parts = urlsplit(endpoint)
        if parts.scheme != "https" or not parts.hostname:
            message = f"the endpoint of {region or 'the region'} must be an https:// URL, not {endpoint!r}"
            raise UsageError(message)
        self._host = parts.hostname
        self._port = parts.port or _PORT_HTTPS
        self._tls = tls
        self._region = region or endpoint
        self._open: http.client.HTTPSConnection | None = None
        self._is_sent = False

    def send(self, request: Request) -> Answer:
        """Send *request* and return the answer; raise UnreachableError when none comes."""
        if not request.is_harmless:
            # A kept connection may have been closed by the other side: then nobody could tell whether this request arrived.
            self.close()
        kept = self._open is not None
        self._is_sent = False
        try:
            return self._exchange(request)
        except ssl.SSLCertVerificationError as error:
            self.close()
            message = f"{self._region} ({self._host}:{self._port}) shows a certificate that FARPOINT_CA_FILE does not vouch for"
            raise UnreachableError(f"{message}: {error.verify_message}") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if kept:
                return self.send(request)
            raise UnreachableError(self._silence(request, error)) from error

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _exchange(self, request: Request) -> Answer:
        if self._open is None:
            fresh = http.client.HTTPSConnection(self._host, self._port, timeout=_CONNECT_SECONDS, context=self._tls)
            fresh.connect()
            fresh.sock.settimeout(_ANSWER_SECONDS)
            self._open = fresh
        self._is_sent = True
        self._open.request(request.method, request.target, body=request.body, headers=request.headers)
        response = self._open.getresponse()
        body = response.read(_ANSWER_BYTES_MAX)
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.close()
        return Answer(status=response.status, headers=headers, body=body)

    def _silence(self, request: Request, error: Exception) -> str:
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
        sentence = f"{self._region} ({self._host}:{self._port}) does not answer: {cause}"
        if request.is_harmless or not self._is_sent:
            return sentence
        return f"{sentence}; the request may have been carried out"
