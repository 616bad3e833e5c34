"""What a region does for its peers: says who it is, finds resources, hears of directory records, clears groups.

Holds: holding.py; their bytes: serving_blocks.py; the catalogue: serving_catalogue.py.

Each function serves one call of the peer protocol and knows nothing of HTTP. Which peer asks was proven by its certificate.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, Protocol

from attrs import frozen

from farpoint.keys.tokens import TokenClaims
from farpoint.metadata.database import Database
from farpoint.metadata.directory import merge_record
from farpoint.model.actions import requested
from farpoint.model.directory import DirectoryRecord
from farpoint.model.disk import DiskState
from farpoint.model.documents import JsonObject
from farpoint.model.ids import ChunkId, ManifestId, OperationId, RegionId, ScopeId
from farpoint.model.manifest import Manifest, SignedStatement
from farpoint.model.remote import RegionIdentity
from farpoint.peers.client import Pins
from farpoint.peers.messages import ClearGroupRequest
from farpoint.services.authority import Authorities, Principal
from farpoint.services.serving_catalogue import DocumentsOf

#: Manifests of the copies being served; each has at most some 64 disks.
_MANIFESTS_MAX: Final = 32


class ServedNode(Protocol):
    """A map node."""

    @property
    def encoded(self) -> bytes:
        """The node as it is stored and hashed."""
        ...


class ServedChunk(Protocol):
    """A chunk: decrypted, authentic, still compressed."""

    @property
    def id(self) -> ChunkId:
        """Its id, which the receiver recomputes."""
        ...

    @property
    def compression(self) -> int:
        """0 stored, 1 zstd."""
        ...

    @property
    def raw_bytes(self) -> int:
        """Length before compression."""
        ...

    @property
    def payload(self) -> memoryview:
        """The bytes, valid until the next chunk is taken."""
        ...


class ServedScope(Protocol):
    """What is read from one key scope of the vault."""

    def node_at(self, state: DiskState, level: int, index: int) -> ServedNode | None:
        """Return the node at (level, index) of a disk's map, None where the map has zeros."""
        ...

    def chunk_ids(self, state: DiskState, blocks: Sequence[int]) -> Sequence[ChunkId | None]:
        """Return the chunk id of each of *blocks*, None for zeros."""
        ...

    def compressed_lengths(self, ids: Sequence[ChunkId]) -> Sequence[int]:
        """Return the length of each chunk's payload."""
        ...

    def open_chunks(self, ids: Sequence[ChunkId]) -> Iterator[ServedChunk]:
        """Yield these chunks in the order asked."""
        ...


class ServedManifests(Protocol):
    """The region's manifests."""

    def read(self, manifest: ManifestId) -> Manifest:
        """Return a manifest, authenticated."""
        ...

    def statement(self, manifest: ManifestId) -> SignedStatement:
        """Return the signed statement in a manifest object."""
        ...


class ServedVault(Protocol):
    """What serving needs of farpoint.vault.vault.Vault."""

    @property
    def manifests(self) -> ServedManifests:
        """The region's manifests."""
        ...

    def reader(self, scope: ScopeId) -> ServedScope:
        """Return the reader of *scope*."""
        ...

    def quarantine(self, names: Collection[str]) -> None:
        """Rely no more on the packs with these object names: damage was found in them."""
        ...


class AssertionVerifier(Protocol):
    """Checks a peer's word for a user; farpoint.keys.tokens.TokenVerifier does."""

    def verify_assertion(self, token: str, *, region_id: str, own_region_id: str, operation: str) -> TokenClaims:
        """Check that *region_id* says it asks for *operation* on behalf of somebody; what they may do is another question."""
        ...


class ClearGroup(Protocol):
    """Deletes what this region has of a group; services.group_deletion.clear_own_group does."""

    def __call__(self, group: str, *, operation: OperationId, principal: str, look_only: bool) -> int:
        """Delete what can be deleted now, or only look; return how many resources are left, to be asked again until none is."""
        ...


class HoldsName(Protocol):
    """Knows the names this region has given or is giving; services.ownership.holds_name does."""

    def __call__(self, name: str, *, rival: RegionId) -> bool:
        """Tell whether *rival* has to leave the ARM id *name* to this region."""
        ...


class ManifestCache:
    """The manifests of the holds in use, so that each is opened and checked once."""

    def __init__(self, manifests: ServedManifests) -> None:
        """Read through to *manifests*."""
        self._manifests = manifests
        self._lock = threading.Lock()
        self._kept: OrderedDict[ManifestId, Manifest] = OrderedDict()

    def read(self, manifest: ManifestId) -> Manifest:
        """Return a manifest; it is immutable, so one that was read once stays right."""
        with self._lock:
            kept = self._kept.get(manifest)
            if kept is not None:
                self._kept.move_to_end(manifest)
                return kept
        found = self._manifests.read(manifest)
        with self._lock:
            self._kept[manifest] = found
            if len(self._kept) > _MANIFESTS_MAX:
                self._kept.popitem(last=False)
        return found


@frozen(kw_only=True)
class ServingContext:
    """The parts that serving needs; bootstrap makes one per process (serving_context)."""

    identity: RegionIdentity
    #: Epoch of the database, the first half of every token.
    epoch: int
    database: Database
    vault: ServedVault
    manifests: ManifestCache
    assertions: AssertionVerifier
    subscription_id: str
    #: Who may do what.
    authorities: Authorities
    pins: Pins
    #: Returns the ARM GET document of a resource of this region, None when there is none.
    document_of: Callable[[str], JsonObject | None]
    #: Returns the documents of a resource, by its ARM id without subscription, and of its parts, everything expanded.
    documents_of: DocumentsOf
    clear_group: ClearGroup
    #: Tells whether a peer has to leave an ARM id to this region.
    holds_name: HoldsName


def exchange_identity(context: ServingContext, theirs: RegionIdentity) -> RegionIdentity:
    """Pin the asking region's keys, or check them, and say who this region is."""
    context.pins.check(theirs)
    return context.identity


def find_resource(context: ServingContext, arm_id: str) -> JsonObject | None:
    """Return the ARM document of a resource of this region."""
    return context.document_of(arm_id)


def accept_record(context: ServingContext, record: DirectoryRecord) -> None:
    """Take over a directory record that was written at a peer, if it is newer than ours."""
    with context.database.write() as conn:
        merge_record(conn, record)


def clear_group(context: ServingContext, *, peer: RegionId, request: ClearGroupRequest) -> int:
    """Delete this region's resources of a group, for a peer that deletes it everywhere; return how many are left."""
    claims = context.assertions.verify_assertion(
        request.assertion, region_id=str(peer), own_region_id=str(context.identity.region), operation=str(request.operation)
    )
    user = context.authorities.of(Principal(id=claims.client_id, name=claims.client_name))
    user.require(requested("DELETE", f"/subscriptions/{context.subscription_id}/resourceGroups/{request.group}"))
    return context.clear_group(request.group, operation=request.operation, principal=claims.client_id, look_only=request.look_only)
