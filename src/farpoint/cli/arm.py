"""A client of one region's ARM API: resources by their path, with a bearer token that this region gave.

A token from one region is good in all, but asking each for its own costs nothing when they are asked at the same time, and works
between regions that have not met yet.
"""

import json
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

from farpoint.cli.connection import Answer, Connection, Request
from farpoint.cli.documents import look, parse_object, rows, text
from farpoint.cli.failures import ApiError, UsageError
from farpoint.clock import Clock
from farpoint.config.environment import Credentials
from farpoint.model.documents import JsonObject

#: Versions of Azure's API we speak; any region accepts any since 2021-03-01.
_API_VERSION = "2024-11-01"
#: How often a region that is busy (429, 503 without an unreachable peer) is asked again, and the longest pause.
_BUSY_TRIES = 4
_BUSY_SECONDS_MAX = 2.0
#: Parameters that ARM writes with a dollar sign.
_ODATA = frozenset({"expand", "filter"})
#: Bound of a list: pages followed.
_PAGES_MAX = 10_000
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class ArmClient:
    """One region's API; for one thread at a time."""

    def __init__(self, *, region: str, connection: Connection, credentials: Credentials, clock: Clock) -> None:
        """Take the connection and who is asking; *region* is how the environment calls it."""
        self.region = region
        self._connection = connection
        self._credentials = credentials
        self._token = ""
        self._clock = clock

    def get(self, path: str, **query: str) -> JsonObject:
        """Return the document at *path*."""
        return parse_object(self._ask("GET", path, query).body)

    def find(self, path: str, **query: str) -> JsonObject | None:
        """Return the document at *path*, None when the region has none."""
        try:
            return self.get(path, **query)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def pages(self, path: str, **query: str) -> list[JsonObject]:
        """Return all elements of the list at *path*, following its pages."""
        page = self.get(path, **query)
        elements = [*rows(page, "value")]
        for _ in range(_PAGES_MAX):
            following = text(page, "nextLink")
            if not following:
                break
            page = parse_object(self._send("GET", _local(following), None).body)
            elements.extend(rows(page, "value"))
        return elements

    def put(self, path: str, document: JsonObject) -> tuple[JsonObject, str]:
        """Create or update the resource at *path*; return it, and the URL of its operation, empty when it is done."""
        answer = self._ask("PUT", path, {}, document)
        return parse_object(answer.body), operation_url(answer)

    def post(self, path: str, **query: str) -> str:
        """Start the action at *path*; return the URL of its operation."""
        return operation_url(self._ask("POST", path, query, {}))

    def delete(self, path: str) -> str:
        """Delete the resource at *path*; return the URL of the operation, empty when it is done."""
        return operation_url(self._ask("DELETE", path, {}))

    def poll(self, url: str) -> JsonObject:
        """Return the state of the operation at *url*, an address this region gave."""
        return parse_object(self._send("GET", _local(url), None).body)

    def subscription_path(self, *segments: str) -> str:
        """Return a path below the subscription, its segments quoted."""
        return "/".join(["/subscriptions", self._credentials.subscription_id, *(quote(segment, safe="") for segment in segments)])

    def compute_path(self, group: str, *segments: str) -> str:
        """Return the path of a ``Microsoft.Compute`` resource, its segments quoted."""
        return self.subscription_path("resourceGroups", group, "providers", "Microsoft.Compute", *segments)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ask(self, method: str, path: str, query: dict[str, str], document: JsonObject | None = None) -> Answer:
        expand = {f"${name}" if name in _ODATA else name: value for name, value in query.items()}
        target = f"{path}?{urlencode({'api-version': _API_VERSION, **expand}, safe='$')}"
        return self._send(method, target, None if document is None else json.dumps(document).encode())

    def _send(self, method: str, target: str, body: bytes | None) -> Answer:
        """Send with a token; renew the token once, and wait for a busy region a few times."""
        answer = self._send_once(method, target, body)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._token = self._new_token()
            answer = self._send_once(method, target, body)
        for _ in range(_BUSY_TRIES):
            if answer.status not in _BUSY or _is_final(answer):
                break
            self._clock.sleep(min(_BUSY_SECONDS_MAX, float(answer.headers.get("retry-after", "1"))))
            answer = self._send_once(method, target, body)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise _api_error(answer, region=self.region)
        return answer

    def _send_once(self, method: str, target: str, body: bytes | None) -> Answer:
        headers = self._headers()
        return self._connection.send(Request(method=method, target=target, headers=headers, body=body, is_harmless=method == "GET"))

    def _headers(self) -> dict[str, str]:
        if not self._token:
            self._token = self._new_token()
        return {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "Content-Type": "application/json"}

    def _new_token(self) -> str:
        """Ask this region for a token."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        target = f"/{self._credentials.tenant_id}/oauth2/v2.0/token"
        request = Request(method="POST", target=target, headers=headers, body=urlencode(form).encode(), is_harmless=True)
        answer = self._connection.send(request)
        token = text(parse_object(answer.body), "access_token")
        if answer.status >= HTTPStatus.BAD_REQUEST or not token:
            raise _login_error(answer, region=self.region)
        return token


def operation_url(answer: Answer) -> str:
    """Return where the operation an answer started can be polled."""
    return answer.headers.get("azure-asyncoperation", "") or answer.headers.get("location", "")


def _local(url: str) -> str:
    """Return path and query of *url*: tokens go to the configured endpoint only, whatever an answer says."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _is_final(answer: Answer) -> bool:
    """Tell whether asking again soon is useless: the region waits for another region, not for itself."""
    return text(parse_object(answer.body), "error", "code") == "PeerUnavailable"


def _api_error(answer: Answer, *, region: str) -> ApiError:
    document = parse_object(answer.body)
    code = text(document, "error", "code") or f"HTTP{answer.status}"
    message = text(document, "error", "message") or f"the region answered {answer.status}"
    details = [text(detail, "message") for detail in rows(document, "error", "details")]
    request_id = answer.headers.get("x-ms-request-id", "")
    reference = f" (request {request_id})" if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and request_id else ""
    hint = text(document, "error", "farpoint", "hint")
    return ApiError(answer.status, code, " ".join([message, *filter(None, details)]) + reference, region=region, hint=hint)


def _login_error(answer: Answer, *, region: str) -> Exception:
    document = parse_object(answer.body)
    if look(document, "error") is None or isinstance(look(document, "error"), dict):
        return _api_error(answer, region=region)
    cause = text(document, "error_description") or text(document, "error")
    message = f"{region or 'the region'} refuses AZURE_CLIENT_ID and AZURE_CLIENT_SECRET: {cause}"
    return UsageError(message)
