"""Plain HTTPS to one region, as any program would speak it: for what the command line and the SDK do not show."""

import ssl
from collections.abc import Mapping
from typing import Self

import httpx

from farpoint.config.environment import endpoint_suffix
from farpoint.model.documents import JsonObject

API_VERSION = "2024-11-01"
_SECONDS = 30.0


class ArmHttp:
    """A logged-in client of one region."""

    def __init__(self, environment: Mapping[str, str], region: str) -> None:
        """Use the variables of dev.env."""
        self._variables = environment
        context = ssl.create_default_context(cafile=environment["FARPOINT_CA_FILE"])
        self.endpoint = environment[f"FARPOINT_ENDPOINT_{endpoint_suffix(region)}"]
        self._client = httpx.Client(base_url=self.endpoint, verify=context, timeout=_SECONDS, trust_env=False)
        self._token = ""

    def __enter__(self) -> Self:
        """Keep the connections open."""
        return self

    def __exit__(self, *_problem: object) -> None:
        """Close the connections."""
        self._client.close()

    def compute(self, *segments: str, group: str = "default") -> str:
        """Return the path of a compute resource."""
        subscription = self._variables["AZURE_SUBSCRIPTION_ID"]
        names = "/".join(segments)
        return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/{names}"

    def ask_token(self, **changed: str) -> httpx.Response:
        """Ask the region's token endpoint; *changed* are other words for the form."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._variables["AZURE_CLIENT_ID"],
            "client_secret": self._variables["AZURE_CLIENT_SECRET"],
            "scope": f"{self.endpoint}/.default",
        }
        return self._client.post(f"/{self._variables['AZURE_TENANT_ID']}/oauth2/v2.0/token", data=form | changed)

    @property
    def token(self) -> str:
        """A token of this region."""
        if not self._token:
            answer = self.ask_token()
            assert answer.status_code == httpx.codes.OK, answer.text
            self._token = str(answer.json()["access_token"])
        return self._token

    def send(self, method: str, path: str, body: JsonObject | None = None, *, token: str | None = None, expand: str = "") -> httpx.Response:
        """Send one request; *token* replaces this client's own."""
        parameters = {"api-version": API_VERSION} | ({"$expand": expand} if expand else {})
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return self._client.request(method, path, json=body, params=parameters, headers=headers)

    def get(self, path: str, *, expand: str = "") -> JsonObject:
        """Return the document at *path*."""
        answer = self.send("GET", path, expand=expand)
        assert answer.status_code == httpx.codes.OK, answer.text
        document: JsonObject = answer.json()
        return document


def error_code(answer: httpx.Response) -> str:
    """Return the code in ARM's error envelope."""
    return str(answer.json()["error"]["code"])
