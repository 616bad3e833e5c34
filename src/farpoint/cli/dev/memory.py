"""What ``dev up`` keeps between starts: the regions with their ids and ports, the credentials, the disk pools."""

import json
import uuid
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve, field, frozen

from farpoint.cli.documents import count, look, parse_object, rows, text
from farpoint.cli.failures import CommandError
from farpoint.model.documents import JsonObject
from farpoint.model.limits import AZURE
from farpoint.model.regions import region_key


@frozen(kw_only=True)
class DevRegion:
    """One region."""

    name: str
    id: uuid.UUID
    client_port: int
    peer_port: int

    @property
    def endpoint(self) -> str:
        """Base URL for clients."""
        return f"https://127.0.0.1:{self.client_port}"

    @property
    def peer_endpoint(self) -> str:
        """Base URL for peers."""
        return f"https://127.0.0.1:{self.peer_port}"


@frozen(kw_only=True)
class DevMemory:
    """Everything that must not change from one start to the next."""

    tenant_id: uuid.UUID
    subscription_id: uuid.UUID
    client_id: uuid.UUID
    client_secret: str = field(repr=False)
    secret_hash: str = field(repr=False)
    regions: tuple[DevRegion, ...] = ()
    #: Disk pools beside DIR/disks.
    pools: tuple[Path, ...] = ()
    #: Profile of limits of all regions.
    limits: str = AZURE

    def region(self, name: str) -> DevRegion | None:
        """Return the region called *name*."""
        return next((one for one in self.regions if region_key(one.name) == region_key(name)), None)

    def with_region(self, region: DevRegion) -> "DevMemory":
        """Return the memory with *region* added, or replaced by its name."""
        if self.region(region.name) is None:
            return evolve(self, regions=(*self.regions, region))
        same = region_key(region.name)
        return evolve(self, regions=tuple(region if region_key(one.name) == same else one for one in self.regions))


def read_memory(path: Path) -> DevMemory | None:
    """Read what an earlier start left; None when there is nothing."""
    try:
        document = parse_object(path.read_bytes())
    except FileNotFoundError:
        return None
    try:
        return _memory(document)
    except ValueError as error:
        message = f"{path} is damaged ({error}); start in a new folder, or remove it and lose the credentials"
        raise CommandError(message) from error


def memory_text(memory: DevMemory) -> str:
    """Write the memory as JSON."""
    regions = [{"name": one.name, "id": str(one.id), "clientPort": one.client_port, "peerPort": one.peer_port} for one in memory.regions]
    document = {
        "tenantId": str(memory.tenant_id),
        "subscriptionId": str(memory.subscription_id),
        "clientId": str(memory.client_id),
        "clientSecret": memory.client_secret,
        "secretHash": memory.secret_hash,
        "regions": regions,
        "pools": [str(pool) for pool in memory.pools],
        "limits": memory.limits,
    }
    return json.dumps(document, indent=2) + "\n"


def _memory(document: JsonObject) -> DevMemory:
    pools = look(document, "pools")
    return DevMemory(
        tenant_id=uuid.UUID(text(document, "tenantId")),
        subscription_id=uuid.UUID(text(document, "subscriptionId")),
        client_id=uuid.UUID(text(document, "clientId")),
        client_secret=text(document, "clientSecret"),
        secret_hash=text(document, "secretHash"),
        regions=tuple(_region(row) for row in rows(document, "regions")),
        pools=tuple(Path(pool) for pool in pools if isinstance(pool, str)) if isinstance(pools, Sequence) else (),
        limits=text(document, "limits") or AZURE,
    )


def _region(row: JsonObject) -> DevRegion:
    return DevRegion(
        name=text(row, "name"), id=uuid.UUID(text(row, "id")), client_port=count(row, "clientPort"), peer_port=count(row, "peerPort")
    )
