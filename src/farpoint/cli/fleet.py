"""All regions the environment names. Any of them answers for all, so a command talks to the first that does.

A region that does not answer is skipped with a warning, and not asked again by the same command; what it has is shown as the others
last heard of it. Whatever has a place is then asked of the region it is in, if that one answers: progress is freshest there.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Generic, TypeVar

from attrs import frozen

from farpoint.cli.arm import ArmClient
from farpoint.cli.connection import Connection, client_tls
from farpoint.cli.documents import look, text
from farpoint.cli.failures import ApiError, MissingError, UnreachableError, UsageError
from farpoint.clock import Clock
from farpoint.config.environment import Environment, endpoint_suffix, shown_region
from farpoint.model.documents import JsonObject

T = TypeVar("T")

_REPLICA = ("properties", "farpoint", "replica")


@frozen(kw_only=True)
class Found(Generic[T]):
    """An answer, where what it is about is, and whom to ask more of it."""

    region: str
    client: ArmClient
    value: T


@frozen(kw_only=True)
class Poll(Generic[T]):
    """What each region answered, and why the others did not."""

    found: list[Found[T]]
    silent: Mapping[str, UnreachableError]


class Fleet:
    """The regions, with one client each."""

    def __init__(self, environment: Environment, *, clock: Clock, warn: Callable[[str], None]) -> None:
        """Refuse an environment that lacks something; *warn* takes one sentence about a region that was skipped."""
        if environment.missing:
            names = ", ".join(environment.missing)
            message = f"{names} not set; `farpoint dev up` writes them to DIR/dev.env: `. DIR/dev.env`"
            raise UsageError(message)
        self._environment = environment
        self._clock = clock
        self._warn = warn
        self._tls = client_tls(environment.ca_file)
        self._clients = {suffix: self._new_client(suffix) for suffix in environment.endpoints}
        #: Regions that did not answer: one command does not wait for them twice.
        self._silent: dict[str, UnreachableError] = {}
        self._warned: set[str] = set()

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Base URLs by region, as the environment calls them."""
        return {shown_region(suffix): url for suffix, url in self._environment.endpoints.items()}

    def region(self, name: str) -> ArmClient:
        """Return the client of the region called *name*."""
        clients = self._clients
        client = clients.get(endpoint_suffix(name)) or clients.get("")
        if client is None:
            known = ", ".join(map(shown_region, clients))
            message = f"unknown region {name}: FARPOINT_ENDPOINT_{endpoint_suffix(name)} is not set; known regions: {known}"
            raise UsageError(message)
        return client

    def ask(self, question: Callable[[ArmClient], T], *, region: str = "") -> Found[T]:
        """Return the answer of *region*, else of the first region that answers; raise what the last one said when none is well."""
        last: UnreachableError | ApiError = UnreachableError("no region answers")
        for suffix in self._in_order(region):
            client = self._clients[suffix]
            try:
                return Found(region=client.region, client=client, value=question(client))
            except UnreachableError as error:
                last = error
                self._skip(suffix, error)
            except ApiError as error:
                # One that is not well, or that does not hear the region it would have to ask, is no reason to give up on the others.
                if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                last = error
                self._warn_once(suffix, str(error))
        if isinstance(last, UnreachableError) and self._silent:
            raise UnreachableError("; ".join(map(str, self._silent.values())))
        raise last

    def ask_each(self, question: Callable[[ArmClient], T]) -> Poll[T]:
        """Ask every region; one that is not well is skipped with a warning, unless none is well."""
        found: list[Found[T]] = []
        last: ApiError | None = None
        for suffix, client in self._clients.items():
            try:
                found.append(Found(region=client.region, client=client, value=question(client)))
            except UnreachableError as error:
                self._skip(suffix, error)
            except ApiError as error:
                if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                self._warn_once(suffix, str(error))
                last = error
        if not found and last is not None:
            raise last
        return Poll(found=found, silent=dict(self._silent))

    def find(self, what: str, question: Callable[[ArmClient], JsonObject | None], *, region: str = "") -> Found[JsonObject]:
        """Return the resource that *question* asks for; *what* names it in sentences."""
        found = self.find_optional(what, question, region=region)
        if found is None:
            message = f"{what} was not found in {region or 'any region'}"
            raise MissingError(message)
        return found

    def find_optional(self, what: str, question: Callable[[ArmClient], JsonObject | None], *, region: str = "") -> Found[JsonObject] | None:
        """Return the resource, None when there is none; refuse to choose between two of one name."""
        found = self.ask(question, region=region)
        if found.value is None and not region:
            found = self._ask_others(question, found)
        home = text(found.value or {}, *_REPLICA, "region")
        if home and endpoint_suffix(home) in self._clients:
            # Whoever answered does not hear that region; we may.
            found = self.ask(question, region=home)
        if found.value is None:
            return None
        rivals = look(found.value, "properties", "farpoint", "nameConflict")
        if isinstance(rivals, list) and not region:
            message = f"{what} exists in {', '.join(map(str, rivals))}: say which with --region"
            raise UsageError(message)
        return self.at_home(Found(region=found.region, client=found.client, value=found.value), text(found.value, "location"))

    def _ask_others(self, question: Callable[[ArmClient], JsonObject | None], missed: Found[JsonObject | None]) -> Found[JsonObject | None]:
        """Return the answer of a region that has what another does not know: the two may not hear each other."""
        for suffix, client in self._clients.items():
            if client is missed.client or suffix in self._silent:
                continue
            try:
                value = question(client)
            except UnreachableError as error:
                self._skip(suffix, error)
                continue
            if value is not None:
                return Found(region=client.region, client=client, value=value)
        return missed

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def at_home(self, found: Found[JsonObject], location: str) -> Found[JsonObject]:
        """Return *found* as one to ask more of in the region it is in; of whoever answered if that region does not."""
        replica = text(found.value, *_REPLICA, "region")
        suffix = endpoint_suffix(location)
        client = None if replica or suffix in self._silent else self._clients.get(suffix)
        return Found(region=replica or location or found.region, client=client or found.client, value=found.value)

    def _in_order(self, region: str) -> list[str]:
        first = endpoint_suffix(region) if region else ""
        if region and first not in self._clients and "" not in self._clients:
            # Says which regions there are.
            self.region(region)
        known = [suffix for suffix in self._clients if suffix not in self._silent]
        return sorted(known, key=lambda suffix: suffix != first)

    def _skip(self, suffix: str, error: UnreachableError) -> None:
        self._silent[suffix] = error
        self._warn_once(suffix, str(error))

    def _warn_once(self, suffix: str, why: str) -> None:
        if suffix not in self._warned:
            self._warned.add(suffix)
            self._warn(f"skipped: {why}")

    def _new_client(self, suffix: str) -> ArmClient:
        region = shown_region(suffix)
        connection = Connection(self._environment.endpoints[suffix], self._tls, region=region)
        return ArmClient(region=region, connection=connection, credentials=self._environment.credentials, clock=self._clock)
