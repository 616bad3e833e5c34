"""A region's services with a real database, real disks and real keys, whose work is only recorded; and peers in the same process."""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import evolve
from fastapi import FastAPI

from farpoint.api.app import Tokens, build_client_app
from farpoint.api.resource_document import resource_document
from farpoint.disks.pools import DiskPools
from farpoint.errors import Code, SecondWriterError, UnavailableError
from farpoint.keys.clients import ClientSecrets
from farpoint.keys.key_file import KEY_BYTES, FileKeyProvider
from farpoint.keys.signing import Signer, create_signing_key, open_signer
from farpoint.keys.tokens import TokenIssuer, TokenVerifier
from farpoint.metadata import groups
from farpoint.metadata.database import Database
from farpoint.model.ids import OperationId, RegionId, ScopeId
from farpoint.model.remote import PeerRegion, RemoteResource
from farpoint.model.resources import ResourceGroup
from farpoint.services.catalogue import CatalogueWriter
from farpoint.services.context import RegionContext
from farpoint.services.groups import ensure_default_group
from farpoint.testing.ambient import FakeClock, SeededEntropy
from farpoint.testing.memory_bucket import MemoryBucket
from farpoint.units import MIB
from farpoint.vault.catalogue import CatalogueLog
from farpoint.vault.keyring import Keyring

TENANT = "2f4a7c3e-0000-4000-8000-00000000000a"
SUBSCRIPTION = "2f4a7c3e-0000-4000-8000-00000000000b"
CLIENT = "2f4a7c3e-0000-4000-8000-00000000000c"
SECRET = "correct horse battery staple"  # noqa: S105 - made up for tests
#: What hash_secret() made of it: scrypt is slow on purpose.
_SECRET_HASH = "scrypt$zQcs2L5vn2KsTAnCggbn4w==$etitLw9cikNAMASFBsdZQvCm++vGpo0SlZmIXbfjlmo="  # noqa: S105 - likewise


class LinkedPeers:
    """Satisfies services.context.PeerLookup: the other regions are objects here, and can be made not to answer."""

    def __init__(self) -> None:
        """Begin alone."""
        self.others: dict[str, RegionContext] = {}
        self.down: set[str] = set()

    def resource(self, arm_id: str) -> RemoteResource | None:
        """Look at every region that is up."""
        for name, context in self._up().items():
            document = resource_document(context, arm_id)
            if document is not None:
                return RemoteResource(region_name=name, document=document)
        self._refuse_when_down(arm_id)
        return None

    def group(self, name: str) -> ResourceGroup | None:
        """Look at every region that is up."""
        for context in self._up().values():
            with context.database.read() as conn:
                found = groups.get_group(conn, name)
            if found is not None:
                return found
        self._refuse_when_down(name)
        return None

    def put_group(self, group: ResourceGroup) -> Sequence[str]:
        """Put it at every region that is up."""
        for context in self._up().values():
            with context.database.write() as conn:
                groups.put_group(conn, group)
        return sorted(self.down)

    def names(self) -> Sequence[str]:
        """Return the names of all, up or down."""
        return list(self.others)

    def regions(self) -> Sequence[PeerRegion]:
        """Describe all, up or down."""
        return [
            PeerRegion(
                name=name,
                region=context.region_id,
                endpoint=None if name in self.down else context.endpoint,
                problem="it does not answer" if name in self.down else "",
            )
            for name, context in self.others.items()
        ]

    def _up(self) -> dict[str, RegionContext]:
        return {name: context for name, context in self.others.items() if name not in self.down}

    def _refuse_when_down(self, what: str) -> None:
        if self.down:
            raise UnavailableError(Code.PEER_UNAVAILABLE, f"{what} may be known at {', '.join(sorted(self.down))}", hint="Ask again.")


class ArmRegion:
    """One region under test: `context` for services, `app` for HTTP, `launched` for what would have been run."""

    def __init__(self, name: str, folder: Path, *, seed: int) -> None:
        """Make everything of the region in *folder*."""
        self.pool = folder / "disks"
        self.pool.mkdir(parents=True)
        self.launched: list[OperationId] = []
        self.clock = FakeClock()
        self.peers = LinkedPeers()
        region_id = RegionId(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        entropy = SeededEntropy(seed)
        create_signing_key(folder / "tokens.pem")
        signer = open_signer(folder / "tokens.pem")
        self.issuer = TokenIssuer(signer=signer, region_id=str(region_id), tenant_id=TENANT, clock=self.clock)
        self.bucket = MemoryBucket()
        self.log = _log_in(self.bucket, region_id, signer, entropy)
        database = Database.open_sqlite(folder / "metadata.sqlite")
        self.context = RegionContext(
            name=name,
            region_id=region_id,
            tenant_id=TENANT,
            subscription_id=SUBSCRIPTION,
            endpoint=f"https://{name}.test:8443",
            database=database,
            catalogue=CatalogueWriter(database=database, log=self.log, epoch=1, stop=_never),
            clock=self.clock,
            entropy=entropy,
            pools=DiskPools((self.pool,)),
            peers=self.peers,
            launch=self.launched.append,
        )
        ensure_default_group(self.context)

    def app(self) -> FastAPI:
        """Return the region's client API with real tokens."""
        clients = ClientSecrets({CLIENT: _SECRET_HASH})
        keys = {self.issuer.region_id: self.issuer.signer.public}
        verifier = TokenVerifier(tenant_id=TENANT, clock=self.clock, key_of=keys.get, knows_client=clients.knows)
        return build_client_app(self.context, Tokens(verifier=verifier, issuer=self.issuer, clients=clients))

    def disk_file(self, name: str, size_bytes: int = MIB) -> Path:
        """Make a sparse disk in the pool."""
        path = self.pool / f"{name}.raw"
        with path.open("wb") as file:
            file.truncate(size_bytes)
        return path

    def close(self) -> None:
        """Close the database."""
        self.context.database.close()


def _never(error: SecondWriterError) -> None:
    message = "nobody else writes the log of a region under test"
    raise AssertionError(message) from error


def _log_in(bucket: MemoryBucket, region: RegionId, signer: Signer, entropy: SeededEntropy) -> CatalogueLog:
    keyring = Keyring(bucket, FileKeyProvider(Path("kek.json"), {1: entropy.token_bytes(KEY_BYTES)}, entropy), entropy)
    scope = ScopeId(uuid.uuid5(region, "scope"))
    keyring.create_first(scope)
    return CatalogueLog(bucket=bucket, keyring=keyring, signer=signer, region=region, scope=scope, entropy=entropy)


def link(*regions: ArmRegion) -> None:
    """Make each region a peer of the others."""
    for region in regions:
        region.peers.others = {other.context.name: other.context for other in regions if other is not region}


def serve_at(region: ArmRegion, *, endpoint: str, launch: Callable[[RegionContext, OperationId], None]) -> None:
    """Give *region* another endpoint, and do with its work what *launch* says, before the request that starts it is answered."""

    def started(operation: OperationId) -> None:
        region.launched.append(operation)
        launch(region.context, operation)

    region.context = evolve(region.context, endpoint=endpoint, launch=started)
