"""Asking one peer: which version to speak, whose keys to believe, and the questions that are not about a copy (those: source.py).

The first call of a client, and the first after a failure, exchanges identities: both sides pin the other's keys at first contact
and refuse a change, and the newest version that both speak is used from then on.
"""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol, TypeVar
from urllib.parse import urlsplit

from attrs import frozen

from farpoint.clock import Clock
from farpoint.errors import Code, FarpointError, RefusedError, UnavailableError
from farpoint.model.directory import DirectoryRecord
from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId
from farpoint.model.relay import CataloguePage, RelayedAnswer, RelayedRequest
from farpoint.model.remote import RegionIdentity, RemoteResource
from farpoint.peers.connection import READ_SECONDS, ConnectionPool, PeerRoute
from farpoint.peers.conversation import Conversation
from farpoint.peers.documents import Fields, decode_document, encode_document
from farpoint.peers.messages import ClearGroupRequest, identity_from_json, identity_to_json
from farpoint.peers.problems import problem_from_json
from farpoint.peers.protocol import CATALOGUE_MAX, Call, shared_version
from farpoint.peers.relay_messages import (
    page_from_json,
    record_to_json,
    relayed_answer_from_json,
    relayed_request_to_json,
)
from farpoint.peers.tls import OwnCertificate, context_towards, trusted_peer

#: A client of ours waits for the answer, so a silent peer is given up sooner than in a copy.
LOOKUP_SECONDS: Final = 5.0
#: How long a peer that did not answer counts as down: longer than a pull of its catalogue takes to fail, so that while the region
#: keeps pulling, no client waits for a peer that is known to be down.
DOWN_SECONDS: Final = 12.0
OK: Final = 200
_READING: Final = ("GET", "HEAD")
_SERVER_ERRORS: Final = 500

_T = TypeVar("_T")


class Pins(Protocol):
    """Remembers each peer's keys from the first contact on."""

    def check(self, identity: RegionIdentity) -> None:
        """Pin the keys of a region met for the first time; raise RefusedError(PEER_UNTRUSTED) when known ones changed."""
        ...


@frozen(kw_only=True)
class PeerSettings:
    """One peer as configured."""

    name: str
    region: RegionId
    #: ``https://host:port`` of its peer listener.
    endpoint: str
    #: CA certificates that sign for it.
    ca_file: Path

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the endpoint; refused when it is no such URL."""
        parts = urlsplit(self.endpoint)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if parts.scheme != "https" or not host or not port or parts.path.strip("/"):
            raise RefusedError(
                Code.CONFIGURATION, f"endpoint {self.endpoint!r} of peer {self.name} is not a URL like https://10.0.0.2:8444"
            )
        return host, port


class PeerClient:
    """Talks to one peer. Safe to use from several threads."""

    def __init__(self, settings: PeerSettings, *, own: OwnCertificate, identity: RegionIdentity, pins: Pins, clock: Clock) -> None:
        """Read the certificates; connect later. *identity* is what this region says of itself."""
        host, port = settings.address
        self.trusted = trusted_peer(name=settings.name, region=settings.region, ca_file=settings.ca_file)
        context = context_towards(self.trusted, own)
        route = PeerRoute(peer=self.trusted, host=host, port=port, context=context, here=identity.name)
        self.pool = ConnectionPool(route, clock)
        self._identity = identity
        self._pins = pins
        self._lock = threading.Lock()
        self._version: int | None = None
        self._clock = clock
        self._silent_since = float("-inf")

    @property
    def is_down(self) -> bool:
        """True when the peer did not answer last time, and that is not long ago."""
        return self._clock.monotonic() - self._silent_since < DOWN_SECONDS

    @property
    def name(self) -> str:
        """Name of the peer, as configured here."""
        return self.trusted.name

    @property
    def region(self) -> RegionId:
        """Region id of the peer, as configured here."""
        return self.trusted.region

    def identity(self, *, read_seconds: float = LOOKUP_SECONDS) -> RegionIdentity:
        """Exchange identities: check or pin the peer's keys, and agree on a version."""
        fields = self._post(Call.IDENTITY, identity_to_json(self._identity), read_seconds=read_seconds)
        theirs = self._parsed(lambda: identity_from_json(fields))
        if theirs.region != self.region:
            raise RefusedError(Code.PEER_UNTRUSTED, f"peer {self.name} ({self.region}) says that it is region {theirs.region}")
        self._pins.check(theirs)
        version = shared_version(theirs.versions, peer=self.name)
        with self._lock:
            self._version = version
        return theirs

    def resource(self, arm_id: str) -> RemoteResource | None:
        """Return the peer's resource with this id, None when it has none."""
        fields = self.ask(Call.RESOURCE, {"id": arm_id}, read_seconds=LOOKUP_SECONDS)
        found = self._parsed(lambda: fields.inner_or_none("document"))
        return None if found is None else RemoteResource(region_name=self.name, document=found.document)

    def holds_name(self, arm_id: str) -> bool:
        """Tell whether the peer has the ARM id, or gives it before this region may."""
        fields = self.ask(Call.HOLDS_NAME, {"id": arm_id}, read_seconds=LOOKUP_SECONDS)
        return self.read(lambda answer: answer.flag("holds"), fields)

    def tell(self, record: DirectoryRecord) -> None:
        """Tell the peer about a version of a directory record."""
        self.ask(Call.TELL, {"record": record_to_json(record)}, read_seconds=LOOKUP_SECONDS)

    def catalogue(self, *, after: int) -> CataloguePage:
        """Return what changed at the peer after the change numbered *after*."""
        fields = self.ask(Call.CATALOGUE, {"after": after, "limit": CATALOGUE_MAX}, read_seconds=LOOKUP_SECONDS)
        return self.read(page_from_json, fields)

    def forward(self, request: RelayedRequest) -> RelayedAnswer:
        """Have the peer answer a client's request. A reader is not kept waiting: what was last heard can be shown instead."""
        read_seconds = LOOKUP_SECONDS if request.method in _READING else READ_SECONDS
        return self.read(relayed_answer_from_json, self.ask(Call.FORWARD, relayed_request_to_json(request), read_seconds=read_seconds))

    def clear_group(self, request: ClearGroupRequest) -> int:
        """Have the peer delete its resources of a group; return how many it still has."""
        return self.read(lambda fields: fields.whole("left"), self.ask(Call.CLEAR_GROUP, request.to_json()))

    def ask(self, call: Call, document: JsonObject, *, read_seconds: float = READ_SECONDS) -> Fields:
        """Send a message in the agreed version and return the answer's fields."""
        version = self.agreed_version(read_seconds=read_seconds)
        try:
            return self._post(call, {**document, "v": version}, read_seconds=read_seconds)
        except UnavailableError:
            self.forget_version()
            raise

    def read(self, read: Callable[[Fields], _T], fields: Fields) -> _T:
        """Read an answer with *read*; refuse the peer's answer when it is malformed."""
        return self._parsed(lambda: read(fields))

    def close(self) -> None:
        """Close the connections."""
        self.pool.close()

    def agreed_version(self, *, read_seconds: float = READ_SECONDS) -> int:
        """Return the newest version that both sides speak; the first time, and after a failure, the peer is asked."""
        with self._lock:
            version = self._version
        if version is None:
            return shared_version(self.identity(read_seconds=read_seconds).versions, peer=self.name)
        return version

    def forget_version(self) -> None:
        """Ask anew before the next message: a peer that went away may come back as another version, or as somebody else."""
        with self._lock:
            self._version = None

    def _post(self, call: Call, document: JsonObject, *, read_seconds: float) -> Fields:
        try:
            with closing(Conversation(self.pool, read_seconds=read_seconds)) as conversation:
                conversation.send(call.path, encode_document(document))
                with conversation.answer() as (answer, _):
                    data, status = answer.read_all(), answer.status
        except UnavailableError:
            self._silent_since = self._clock.monotonic()
            raise
        self._silent_since = float("-inf")
        if status != OK:
            raise self.problem(data, status)
        return self._parsed(lambda: decode_document(data))

    def problem(self, data: bytes, status: int) -> FarpointError:
        """Return what an answer means whose status is not OK."""
        try:
            return problem_from_json(decode_document(data).inner("error"), peer=self.name)
        except ValueError:
            message = f"peer {self.name} answered with status {status}"
            if status >= _SERVER_ERRORS:
                return UnavailableError(Code.PEER_UNAVAILABLE, message)
            return RefusedError(Code.PEER_REFUSED, message, hint="Is its endpoint the peer listener of a Farpoint region?")

    def _parsed(self, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except ValueError as error:
            raise RefusedError(Code.PEER_REFUSED, f"peer {self.name} gave an answer that cannot be read: {error}") from error
