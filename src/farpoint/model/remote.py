"""What one region tells another: identities, resources, held points, and blocks as they travel."""

from attrs import field, frozen
from attrs.validators import ge, instance_of

from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId
from farpoint.model.manifest import SignedStatement


@frozen(kw_only=True)
class RemoteResource:
    """A resource found at a peer."""

    #: Name of the region that has it, as configured here.
    region_name: str
    #: The ARM document a GET of it answers there, without any $expand.
    document: JsonObject


@frozen(kw_only=True)
class RegionIdentity:
    """Who a region is, as it tells its peers over mutual TLS."""

    region: RegionId
    name: str
    #: Raw Ed25519 key that checks its manifests and receipts.
    signing_key: bytes = field(repr=False)
    #: Raw Ed25519 key that checks its tokens and assertions.
    token_key: bytes = field(repr=False)
    #: Base URL of its client API, without a slash at the end.
    endpoint: str
    #: Versions of the peer protocol it speaks, newest first.
    versions: tuple[int, ...]


@frozen(kw_only=True)
class PeerRegion:
    """A configured peer, and whether it answers now."""

    name: str
    region: RegionId
    #: Base URL of its client API; None until it answered.
    endpoint: str | None
    #: Why it does not answer or is not trusted; empty when it is well.
    problem: str = ""

    @property
    def reachable(self) -> bool:
        """True when it answered and is who it should be."""
        return not self.problem


@frozen(kw_only=True)
class NodePath:
    """A map node by its place: (level, index); index counts nodes of that level from the left."""

    level: int = field(validator=[instance_of(int), ge(0)])
    index: int = field(validator=[instance_of(int), ge(0)])


@frozen(kw_only=True)
class HeldPoint:
    """What one hold call returns: a fenced token, and the source's signed statement about the point."""

    #: ``<epoch>-<counter>``; names this hold and no other, ever.
    token: str
    statement: SignedStatement
    #: ARM facts the target shows: names of the source's disk restore points by disk, and so on.
    facts: JsonObject


@frozen(kw_only=True)
class WireChunk:
    """One block as it travels: decrypted, still compressed."""

    block: int
    #: 0 stored, 1 zstd.
    compression: int
    raw_bytes: int
    payload: memoryview
