"""All regions the environment names: one by name, or all at once.

A resource is found by asking every region at the same time. Regions that do not answer are skipped with a warning, so that every
command about a live region works while another is down; only when nothing was found do they matter.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Generic, TypeVar

from attrs import frozen

from farpoint.cli.arm import ArmClient
from farpoint.cli.connection import Connection, client_tls
from farpoint.cli.failures import ApiError, CommandError, MissingError, UnreachableError, UsageError
from farpoint.clock import Clock
from farpoint.config.environment import Environment, endpoint_suffix, shown_region
from farpoint.model.documents import JsonObject

T = TypeVar("T")

#: How long all regions together may take to answer a question, and how long the others have once one has found something.
_ALL_SECONDS = 20.0
_REST_SECONDS = 1.5


@frozen(kw_only=True)
class Found(Generic[T]):
    """What one region answered."""

    region: str
    client: ArmClient
    value: T


@frozen(kw_only=True)
class Poll(Generic[T]):
    """What all regions answered: those with an answer, and why the others gave none."""

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

    def ask_all(self, question: Callable[[ArmClient], T | None]) -> Poll[T]:
        """Ask every region at once; None means the region has nothing. An error but silence is raised."""
        answers: queue.SimpleQueue[_Reply[T]] = queue.SimpleQueue()
        waiting = set(self._clients) - set(self._silent)
        for suffix in waiting:
            threading.Thread(target=_ask, args=(suffix, self._clients[suffix], question, answers), daemon=True).start()
        found: list[Found[T]] = []
        deadline = self._clock.monotonic() + _ALL_SECONDS
        while waiting:
            try:
                reply = answers.get(timeout=max(0.0, deadline - self._clock.monotonic()))
            except queue.Empty:
                break
            waiting.discard(reply.suffix)
            value = reply.outcome(self._silent)
            if value is not None:
                client = self._clients[reply.suffix]
                found.append(Found(region=client.region, client=client, value=value))
                deadline = min(deadline, self._clock.monotonic() + _REST_SECONDS)
        for suffix in waiting:
            self._silent[suffix] = UnreachableError(f"{shown_region(suffix) or 'the region'} does not answer in time")
            # A thread still waits on the old client's connection.
            self._clients[suffix] = self._new_client(suffix)
        return Poll(found=sorted(found, key=lambda one: one.region), silent=dict(self._silent))

    def collect(self, question: Callable[[ArmClient], T | None]) -> list[Found[T]]:
        """Ask every region; warn of those that do not answer, and fail when none does."""
        poll = self.ask_all(question)
        if len(poll.silent) == len(self._clients):
            raise UnreachableError("; ".join(str(error) for error in poll.silent.values()))
        self.warn_of(poll.silent)
        return poll.found

    def holders(self, path: str) -> list[Found[JsonObject]]:
        """Return what lies at *path* in any region that answers."""
        poll = self.ask_all(lambda client: client.find(path))
        self.warn_of(poll.silent)
        return poll.found

    def find(self, what: str, question: Callable[[ArmClient], JsonObject | None], *, region: str = "") -> Found[JsonObject]:
        """Return the one answer to *question*, from *region* or from anywhere; *what* names the thing in sentences."""
        found = self.find_optional(what, question, region=region)
        if found is not None:
            return found
        if self._silent and not region:
            causes = "; ".join(str(error) for error in self._silent.values())
            message = f"{what} was not found, but not all regions answer: {causes}"
            raise UnreachableError(message)
        message = f"{what} was not found in {region or 'any region'}"
        raise MissingError(message)

    def find_optional(self, what: str, question: Callable[[ArmClient], JsonObject | None], *, region: str = "") -> Found[JsonObject] | None:
        """Return the one answer, None when no region that answers has it; refuse to choose between two."""
        if region:
            client = self.region(region)
            value = question(client)
            return None if value is None else Found(region=client.region, client=client, value=value)
        poll = self.ask_all(question)
        self.warn_of(poll.silent)
        if len(poll.found) > 1:
            names = ", ".join(one.region for one in poll.found)
            message = f"{what} exists in {names}: say which with --region"
            raise UsageError(message)
        return poll.found[0] if poll.found else None

    def warn_of(self, silent: Mapping[str, UnreachableError]) -> None:
        """Warn of each region that was skipped, once."""
        for suffix, error in silent.items():
            if suffix not in self._warned:
                self._warned.add(suffix)
                self._warn(f"skipped: {error}")

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def _new_client(self, suffix: str) -> ArmClient:
        region = shown_region(suffix)
        connection = Connection(self._environment.endpoints[suffix], self._tls, region=region)
        return ArmClient(region=region, connection=connection, credentials=self._environment.credentials, clock=self._clock)


@frozen(kw_only=True)
class _Reply(Generic[T]):
    """What one thread brought back."""

    suffix: str
    value: T | None = None
    error: CommandError | None = None

    def outcome(self, silent: dict[str, UnreachableError]) -> T | None:
        """Return the value; note silence in *silent*, raise any other error."""
        if isinstance(self.error, UnreachableError):
            silent[self.suffix] = self.error
        elif self.error is not None:
            raise self.error
        return self.value


def _ask(suffix: str, client: ArmClient, question: Callable[[ArmClient], T | None], answers: "queue.SimpleQueue[_Reply[T]]") -> None:
    try:
        answers.put(_Reply(suffix=suffix, value=question(client)))
    except ApiError as error:
        # A region that is not well is no reason to give up on the others.
        unwell = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        answers.put(_Reply(suffix=suffix, error=UnreachableError(str(error)) if unwell else error))
    except CommandError as error:
        answers.put(_Reply(suffix=suffix, error=error))
