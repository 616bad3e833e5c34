"""Decide what ``dev up`` runs: which regions, under which ids, on which ports. Nothing is started or written here."""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import evolve, frozen

from farpoint.cli.dev.layout import DevFolder
from farpoint.cli.dev.memory import DevMemory, DevRegion
from farpoint.cli.dev.ports import PORTS_PER_REGION, free_ports
from farpoint.cli.failures import UsageError
from farpoint.clock import Entropy
from farpoint.config.load import check_region_name
from farpoint.config.values import (
    PORT_MAX,
    Address,
    ClientConfig,
    CopyConfig,
    DirectoryConfig,
    KeysConfig,
    ListenConfig,
    PeerConfig,
    PeerTlsConfig,
    RatesConfig,
    RegionConfig,
)
from farpoint.model.ids import RegionId
from farpoint.model.limits import PROFILES, Limits
from farpoint.model.regions import region_key

_HOST = "127.0.0.1"
_SECRET_BYTES = 24


@frozen(kw_only=True)
class UpRequest:
    """What was asked of ``dev up``."""

    regions: tuple[str, ...]
    #: First port; None keeps the ports of the last start, or takes free ones.
    port: int | None = None
    #: Further disk pools; None keeps those of the last start.
    pools: tuple[Path, ...] | None = None
    #: Profile of limits of all regions; None keeps that of the last start.
    limits: str | None = None


def plan(
    request: UpRequest, before: DevMemory | None, *, entropy: Entropy, hash_secret: Callable[[str], str]
) -> tuple[DevMemory, list[DevRegion]]:
    """Return what to remember, and the regions to run, in the order asked for."""
    memory = before if before is not None else _new_memory(entropy, hash_secret)
    if request.pools is not None:
        memory = evolve(memory, pools=request.pools)
    if request.limits is not None:
        memory = evolve(memory, limits=_profile(request.limits))
    names = _names(request.regions or tuple(one.name for one in memory.regions))
    run = []
    for place, name in enumerate(names):
        region = _region(memory, name, request.port, place, entropy)
        memory = memory.with_region(region)
        run.append(region)
    _refuse_shared_ports(memory)
    return memory, run


def _profile(name: str) -> str:
    if name not in PROFILES:
        message = f"--limits is {' or '.join(PROFILES)}, not '{name:.50}'"
        raise UsageError(message)
    return name


def _names(names: Sequence[str]) -> list[str]:
    keys = [region_key(check_region_name(name, key="--regions")) for name in names]
    if not keys or len(set(keys)) != len(keys) or "disks" in keys:
        message = f"--regions needs one or more different names, none of them 'disks': {','.join(names) or 'nothing was given'}"
        raise UsageError(message)
    return list(names)


def _new_memory(entropy: Entropy, hash_secret: Callable[[str], str]) -> DevMemory:
    secret = entropy.token_bytes(_SECRET_BYTES).hex()
    return DevMemory(
        tenant_id=entropy.guid(),
        subscription_id=entropy.guid(),
        client_id=entropy.guid(),
        client_secret=secret,
        secret_hash=hash_secret(secret),
    )


def _region(memory: DevMemory, name: str, first_port: int | None, place: int, entropy: Entropy) -> DevRegion:
    known = memory.region(name)
    region_id: uuid.UUID = entropy.guid() if known is None else known.id
    if first_port is not None:
        client_port = first_port + PORTS_PER_REGION * place
        peer_port = client_port + 1
        if client_port < 1 or peer_port > PORT_MAX:
            message = f"--port {first_port} leaves no room for {name}"
            raise UsageError(message)
    elif known is not None:
        return known
    else:
        ports = free_ports(entropy, taken=_ports(memory))
        client_port, peer_port = next(ports), next(ports)
    return DevRegion(name=name if known is None else known.name, id=region_id, client_port=client_port, peer_port=peer_port)


def _ports(memory: DevMemory) -> frozenset[int]:
    return frozenset(port for one in memory.regions for port in (one.client_port, one.peer_port))


def _refuse_shared_ports(memory: DevMemory) -> None:
    if len(_ports(memory)) != PORTS_PER_REGION * len(memory.regions):
        message = "--port gives a port that another region of this folder has; choose one further away"
        raise UsageError(message)


def region_config(folder: DevFolder, memory: DevMemory, region: DevRegion) -> RegionConfig:
    """Return the configuration of *region*; its peers are all the others of the folder, running or not."""
    home = folder.region(region.name)
    keys = home / "keys"
    authority = keys / "ca.crt"
    peers = [
        PeerConfig(name=one.name, id=RegionId(one.id), endpoint=one.peer_endpoint, ca=authority)
        for one in memory.regions
        if one.id != region.id
    ]
    return RegionConfig(
        name=region.name,
        id=RegionId(region.id),
        state=home,
        listen=ListenConfig(
            clients=Address(host=_HOST, port=region.client_port),
            peers=Address(host=_HOST, port=region.peer_port),
            endpoint=region.endpoint,
            certificate=keys / "server.crt",
            key=keys / "server.key",
        ),
        peer_tls=PeerTlsConfig(certificate=keys / "peer.crt", key=keys / "peer.key", ca=authority),
        bucket=home / "bucket",
        keys=KeysConfig(file=keys / "kek.json", signing=keys / "signing.pem", tokens=keys / "tokens.pem"),
        pools=(folder.pool, *memory.pools),
        directory=_directory(memory),
        peers=tuple(peers),
        copy=CopyConfig(streams=4),
        rates=RatesConfig(reads_per_second=500, writes_per_second=200, failed_logins_per_minute=60),
        activity_entries_max=100_000,
        limits=Limits(profile=memory.limits),
    )


def _directory(memory: DevMemory) -> DirectoryConfig:
    client = ClientConfig(id=str(memory.client_id), secret_scrypt=memory.secret_hash)
    return DirectoryConfig(tenant_id=memory.tenant_id, subscription_id=memory.subscription_id, clients=(client,))
