"""All configured peers: finding things at them, telling them things, pulling from one. Satisfies services.context.PeerLookup."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from farpoint.errors import Code, FarpointError, RefusedError, UnavailableError
from farpoint.model.directory import DirectoryRecord
from farpoint.model.ids import OperationId, RegionId
from farpoint.model.regions import region_key
from farpoint.model.relay import CataloguePage, RelayedAnswer, RelayedRequest
from farpoint.model.remote import PeerRegion, RemoteResource
from farpoint.peers.client import PeerClient
from farpoint.peers.messages import ClearGroupRequest
from farpoint.peers.source import AssertionIssuer, PeerSource

#: Peers asked at once; more wait their turn.
_ASKED_AT_ONCE: Final = 8

_T = TypeVar("_T")


class PeerDirectory:
    """The configured peers. Safe to use from several threads."""

    def __init__(self, clients: Iterable[PeerClient], assertions: AssertionIssuer) -> None:
        """Take one client per peer; *assertions* speaks for users when copies are pulled."""
        self._clients = tuple(clients)
        self._assertions = assertions

    def names(self) -> tuple[str, ...]:
        """Return the names of the configured peers; asks nobody."""
        return tuple(client.name for client in self._clients)

    def source(self, name: str) -> PeerSource:
        """Return the named peer as a source of copies; refuse an unknown name."""
        return PeerSource(self.client(name), self._assertions)

    def client(self, name: str) -> PeerClient:
        """Return the client of the named peer; refuse an unknown name."""
        for client in self._clients:
            if region_key(client.name) == region_key(name):
                return client
        known = ", ".join(self.names()) or "none"
        raise RefusedError(Code.UNKNOWN_REGION, f"region {name!r} is not a peer of this region", hint=f"Its peers: {known}.")

    def region_id(self, name: str) -> RegionId:
        """Return the region id of the named peer; refuse an unknown name."""
        return self.client(name).region

    def resource(self, arm_id: str) -> RemoteResource | None:
        """Ask every peer for the resource; None when each one answered that it has none.

        Raises UnavailableError(PEER_UNAVAILABLE) when nobody had it and at least one that might did not answer, or what a peer
        was refused for (PEER_UNTRUSTED).
        """
        return self._find(lambda client: client.resource(arm_id), what=arm_id)

    def holder_of_name(self, arm_id: str) -> str | None:
        """Return the name of a peer that has the ARM id or gives it before this region may, among those that answer."""
        asked = [client for client in self._clients if not client.is_down]
        replies = self._ask_all(lambda client: client.holds_name(arm_id), asked)
        return next((peer for peer, holds, _ in replies if holds), None)

    def is_down(self, name: str) -> bool:
        """Tell whether the named peer did not answer just now; asks nobody."""
        return self.client(name).is_down

    def tell(self, record: DirectoryRecord) -> tuple[str, ...]:
        """Tell every peer about a directory record; return the names of those that did not hear it."""
        down = [client.name for client in self._clients if client.is_down]
        replies = self._ask_all(lambda client: client.tell(record), [client for client in self._clients if not client.is_down])
        return tuple(sorted([*down, *(peer for peer, _, problem in replies if problem is not None)]))

    def catalogue(self, name: str, *, after: int) -> CataloguePage:
        """Return what changed at the named peer after the change numbered *after*."""
        return self.client(name).catalogue(after=after)

    def forward(self, name: str, request: RelayedRequest) -> RelayedAnswer:
        """Have the named peer answer a client's request."""
        return self.client(name).forward(request)

    def clear_group(self, name: str, *, group: str, operation: OperationId, principal: str, look_only: bool) -> int:
        """Have the named peer delete its resources of a group, or only look whether it may; return how many it still has."""
        client = self.client(name)
        assertion = self._assertions.assertion(principal, operation=str(operation), audience_region=str(client.region))
        return client.clear_group(ClearGroupRequest(group=group, operation=operation, look_only=look_only, assertion=assertion))

    def regions(self) -> tuple[PeerRegion, ...]:
        """Greet every configured peer and tell whether it answers. A greeting pins the keys of both sides."""
        replies = self._ask_all(lambda client: client.identity(), self._clients)
        return tuple(
            PeerRegion(
                name=client.name,
                region=client.region,
                endpoint=None if identity is None else identity.endpoint,
                problem="" if problem is None else str(problem),
            )
            for client, (_, identity, problem) in zip(self._clients, replies, strict=True)
        )

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            client.close()

    def _find(self, ask: Callable[[PeerClient], _T | None], *, what: str) -> _T | None:
        replies = self._ask_all(ask, self._clients)
        for _, answer, _ in replies:
            if answer is not None:
                return answer
        refusals = [problem for _, _, problem in replies if isinstance(problem, RefusedError)]
        if refusals:
            # Waiting does not mend it: a peer that is not trusted, or that refuses to answer, needs somebody to look.
            raise refusals[0]
        problems = [str(problem) for _, _, problem in replies if problem is not None]
        if problems:
            raise UnavailableError(
                Code.PEER_UNAVAILABLE,
                f"no region that answers has {what}, and one that may have it does not answer: {'; '.join(problems)}",
                hint="Ask again when the region is back.",
            )
        return None

    def _ask_all(
        self, ask: Callable[[PeerClient], _T], clients: Sequence[PeerClient]
    ) -> Sequence[tuple[str, _T | None, FarpointError | None]]:
        def reply_of(client: PeerClient) -> tuple[str, _T | None, FarpointError | None]:
            try:
                return client.name, ask(client), None
            except (UnavailableError, RefusedError) as problem:
                return client.name, None, problem

        if len(clients) <= 1:
            return [reply_of(client) for client in clients]
        with ThreadPoolExecutor(max_workers=min(len(clients), _ASKED_AT_ONCE), thread_name_prefix="ask-peers") as pool:
            return list(pool.map(reply_of, clients))
