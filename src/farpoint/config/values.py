"""A region's configuration as values: what ``config.toml`` says, with every default filled in and every path absolute."""

import uuid
from pathlib import Path

from attrs import field, frozen
from attrs.validators import ge, le

from farpoint.model.ids import RegionId
from farpoint.model.limits import Limits

PORT_MAX = 65535
#: About 21 MiB each: 256 MiB are allowed for any mover.
STREAMS_MAX = 8
RATE_MAX = 1_000_000
#: The log is pruned by number at each entry; ten million are some 10 GiB.
ACTIVITY_ENTRIES_MAX = 10_000_000


@frozen(kw_only=True)
class Address:
    """Where a listener binds: a host and a port."""

    host: str
    port: int = field(validator=[ge(1), le(PORT_MAX)])

    def __str__(self) -> str:
        """Write it as ``host:port``, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@frozen(kw_only=True)
class ListenConfig:
    """The listener for clients, with its certificate, and the address of the one for peers."""

    clients: Address
    peers: Address
    #: Base URL under which clients reach this region; operation URLs start with it.
    endpoint: str
    certificate: Path
    key: Path


@frozen(kw_only=True)
class PeerTlsConfig:
    """What this region shows to peers, and the authority it trusts for theirs."""

    certificate: Path
    key: Path
    ca: Path


@frozen(kw_only=True)
class KeysConfig:
    """Files that hold this region's keys; each must be readable by its owner alone."""

    file: Path
    signing: Path
    tokens: Path


@frozen(kw_only=True)
class ClientConfig:
    """One client that may ask for tokens."""

    id: str
    secret_scrypt: str = field(repr=False)
    #: Name of its role at the subscription; empty when it has none but what is assigned to it.
    role: str = "Owner"


@frozen(kw_only=True)
class IssuerConfig:
    """An external OpenID issuer whose tokens are accepted."""

    issuer: str
    audience: str
    #: Where its keys are; empty: told by its discovery document.
    jwks_uri: str
    #: Authority that signed that address's certificate; None: the system's.
    ca: Path | None
    algorithms: tuple[str, ...]


@frozen(kw_only=True)
class DirectoryConfig:
    """The one tenant and subscription, the same in all regions, and the clients."""

    tenant_id: uuid.UUID
    subscription_id: uuid.UUID
    clients: tuple[ClientConfig, ...]
    issuers: tuple[IssuerConfig, ...] = ()


@frozen(kw_only=True)
class PeerConfig:
    """Another region: how to reach it and whom to expect there."""

    name: str
    id: RegionId
    #: Base URL of its peer listener.
    endpoint: str
    #: Authority that signed its certificate.
    ca: Path


@frozen(kw_only=True)
class CopyConfig:
    """How copies into this region run."""

    streams: int = field(validator=[ge(1), le(STREAMS_MAX)])


@frozen(kw_only=True)
class RatesConfig:
    """How often one client may ask, and one address be wrong; 0: any number."""

    reads_per_second: int
    writes_per_second: int
    failed_logins_per_minute: int


@frozen(kw_only=True)
class RegionConfig:
    """Everything one region process needs to know before it starts."""

    name: str
    id: RegionId
    #: Folder of the databases.
    state: Path
    listen: ListenConfig
    peer_tls: PeerTlsConfig
    #: Folder of the directory bucket.
    bucket: Path
    keys: KeysConfig
    #: Folders (or block devices) disks may lie in; the first is where disks without a path go.
    pools: tuple[Path, ...]
    directory: DirectoryConfig
    peers: tuple[PeerConfig, ...]
    copy: CopyConfig
    rates: RatesConfig
    #: Write requests the activity log keeps.
    activity_entries_max: int
    #: Azure's limits, as they are in force here.
    limits: Limits
