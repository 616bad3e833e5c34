"""What regions say to each other: each message as a value, written to and read from JSON.

The two directions stand side by side, so that a field is added in one place. Versions differ only here and in framing.py.
"""

from collections.abc import Sequence

from attrs import field, frozen

from farpoint.model.documents import JsonObject
from farpoint.model.ids import ManifestId, OperationId, RegionId
from farpoint.model.manifest import SignedStatement
from farpoint.model.remote import HeldPoint, NodePath, RegionIdentity
from farpoint.peers.documents import Fields, blob_text
from farpoint.peers.protocol import BLOCKS_MAX, MEASURE_MAX, NODES_MAX

_KEY_BYTES = 32
_VERSIONS_MAX = 16


@frozen(kw_only=True)
class HoldRequest:
    """Pin a point for an operation, on behalf of somebody."""

    point_id: str
    operation: OperationId
    #: The asking region's signed word for the user it works for.
    assertion: str = field(repr=False)

    def to_json(self) -> JsonObject:
        """Write the message."""
        return {"point": self.point_id, "operation": str(self.operation), "assertion": self.assertion}

    @classmethod
    def from_json(cls, fields: Fields) -> "HoldRequest":
        """Read the message."""
        assertion = fields.text("assertion")
        return cls(point_id=fields.text("point"), operation=OperationId(fields.guid("operation")), assertion=assertion)


@frozen(kw_only=True)
class ClearGroupRequest:
    """Delete the resources of a group, for an operation that deletes it in all regions, on behalf of somebody."""

    group: str
    operation: OperationId
    #: Delete nothing, and refuse what would be refused.
    look_only: bool
    #: The asking region's signed word for the user it works for.
    assertion: str = field(repr=False)

    def to_json(self) -> JsonObject:
        """Write the message."""
        return {"group": self.group, "operation": str(self.operation), "look": self.look_only, "assertion": self.assertion}

    @classmethod
    def from_json(cls, fields: Fields) -> "ClearGroupRequest":
        """Read the message."""
        return cls(
            group=fields.text("group"),
            operation=OperationId(fields.guid("operation")),
            look_only=fields.flag("look"),
            assertion=fields.text("assertion"),
        )


@frozen(kw_only=True)
class NodesRequest:
    """Ask for map nodes of one disk of a held point."""

    token: str
    disk: str
    paths: Sequence[NodePath]

    def to_json(self) -> JsonObject:
        """Write the message."""
        return {"token": self.token, "disk": self.disk, "paths": [[path.level, path.index] for path in self.paths]}

    @classmethod
    def from_json(cls, fields: Fields) -> "NodesRequest":
        """Read the message."""
        pairs = fields.pairs("paths", count_max=NODES_MAX)
        return cls(
            token=fields.text("token"), disk=fields.text("disk"), paths=tuple(NodePath(level=level, index=index) for level, index in pairs)
        )


@frozen(kw_only=True)
class BlocksRequest:
    """Ask for blocks of one disk of a held point: their lengths or their contents."""

    token: str
    disk: str
    blocks: Sequence[int]

    def to_json(self) -> JsonObject:
        """Write the message."""
        return {"token": self.token, "disk": self.disk, "blocks": list(self.blocks)}

    @classmethod
    def read_blocks(cls, fields: Fields) -> "BlocksRequest":
        """Read the message as a request for contents."""
        return cls._read(fields, count_max=BLOCKS_MAX)

    @classmethod
    def read_measure(cls, fields: Fields) -> "BlocksRequest":
        """Read the message as a request for lengths."""
        return cls._read(fields, count_max=MEASURE_MAX)

    @classmethod
    def _read(cls, fields: Fields, *, count_max: int) -> "BlocksRequest":
        return cls(token=fields.text("token"), disk=fields.text("disk"), blocks=fields.wholes("blocks", count_max=count_max))


@frozen(kw_only=True)
class ReleaseRequest:
    """End a hold, and hand over the receipt when the copy is complete."""

    token: str
    receipt: bytes | None

    def to_json(self) -> JsonObject:
        """Write the message."""
        return {"token": self.token, "receipt": None if self.receipt is None else blob_text(self.receipt)}

    @classmethod
    def from_json(cls, fields: Fields) -> "ReleaseRequest":
        """Read the message."""
        return cls(token=fields.text("token"), receipt=fields.blob_or_none("receipt"))


def identity_to_json(identity: RegionIdentity) -> JsonObject:
    """Write who a region is."""
    return {
        "region": str(identity.region),
        "name": identity.name,
        "signingKey": blob_text(identity.signing_key),
        "tokenKey": blob_text(identity.token_key),
        "endpoint": identity.endpoint,
        "versions": list(identity.versions),
    }


def identity_from_json(fields: Fields) -> RegionIdentity:
    """Read who a region is."""
    return RegionIdentity(
        region=RegionId(fields.guid("region")),
        name=fields.text("name"),
        signing_key=_key(fields, "signingKey"),
        token_key=_key(fields, "tokenKey"),
        endpoint=fields.text("endpoint"),
        versions=fields.wholes("versions", count_max=_VERSIONS_MAX),
    )


def _key(fields: Fields, name: str) -> bytes:
    key = fields.blob(name)
    if len(key) != _KEY_BYTES:
        message = f"field {name!r} must be a key of {_KEY_BYTES} bytes"
        raise ValueError(message)
    return key


def held_to_json(held: HeldPoint) -> JsonObject:
    """Write the answer to a hold."""
    statement: JsonObject = {
        "region": str(held.statement.region),
        "manifest": str(held.statement.manifest),
        "body": blob_text(held.statement.body),
        "signature": blob_text(held.statement.signature),
    }
    return {"token": held.token, "statement": statement, "facts": held.facts}


def held_from_json(fields: Fields) -> HeldPoint:
    """Read the answer to a hold. The statement is as received: its signature is not checked here."""
    inner = fields.inner("statement")
    statement = SignedStatement(
        region=RegionId(inner.guid("region")),
        manifest=ManifestId(inner.guid("manifest")),
        body=inner.blob("body"),
        signature=inner.blob("signature"),
    )
    return HeldPoint(token=fields.text("token"), statement=statement, facts=fields.inner("facts").document)
