"""A region's services with a real database, real disks and real keys, whose work is only recorded; and peers in the same process."""

import uuid
from collections.abc import Callable
from pathlib import Path

from attrs import evolve
from fastapi import FastAPI

from farpoint.api.app import Tokens, build_client_app
from farpoint.api.throttles import Rates, Throttles
from farpoint.disks.pools import DiskPools
from farpoint.disks.uploads import Uploads
from farpoint.errors import SecondWriterError
from farpoint.keys.clients import ClientSecrets
from farpoint.keys.external_tokens import AnyTokens, ExternalIssuer
from farpoint.keys.key_file import KEY_BYTES, FileKeyProvider
from farpoint.keys.sas import SasSigner
from farpoint.keys.signing import Signer, create_signing_key, open_signer
from farpoint.keys.tokens import TokenIssuer, TokenVerifier
from farpoint.metadata.database import Database
from farpoint.model.ids import OperationId, RegionId, ScopeId
from farpoint.model.limits import AZURE, Limits
from farpoint.model.roles import OWNER, configured_assignment
from farpoint.services.authority import Authorities
from farpoint.services.catalogue import CatalogueWriter
from farpoint.services.context import RegionContext
from farpoint.services.groups import ensure_default_group
from farpoint.services.new_names import NewNames
from farpoint.services.peer_catalogues import PeerCatalogues
from farpoint.testing.ambient import FakeClock, SeededEntropy
from farpoint.testing.linked_peers import LinkedPeers
from farpoint.testing.memory_bucket import MemoryBucket
from farpoint.testing.new_database import lay_database
from farpoint.testing.small_vault import SmallVault
from farpoint.units import MIB
from farpoint.vault.catalogue import CatalogueLog
from farpoint.vault.keyring import Keyring

TENANT = "2f4a7c3e-0000-4000-8000-00000000000a"
SUBSCRIPTION = "2f4a7c3e-0000-4000-8000-00000000000b"
#: An Owner, and a client without any role.
CLIENT = "2f4a7c3e-0000-4000-8000-00000000000c"
OTHER_CLIENT = "2f4a7c3e-0000-4000-8000-00000000000d"
SECRET = "correct horse battery staple"  # noqa: S105 - made up for tests
#: What hash_secret() made of it: scrypt is slow on purpose.
SECRET_HASH = "scrypt$zQcs2L5vn2KsTAnCggbn4w==$etitLw9cikNAMASFBsdZQvCm++vGpo0SlZmIXbfjlmo="  # noqa: S105 - likewise
_ACTIVITY_MAX = 1000


class ArmRegion:
    """One region under test: `context` for services, `app` for HTTP, `launched` for what would have been run."""

    def __init__(self, name: str, folder: Path, *, seed: int) -> None:
        """Make everything of the region in *folder*."""
        self.pool = folder / "disks"
        self.pool.mkdir(parents=True)
        self.launched: list[OperationId] = []
        self.clock = FakeClock()
        #: For app(): external issuers by name, and how often a client may ask.
        self.issuers: dict[str, ExternalIssuer] = {}
        self.rates = Rates(reads_per_second=0, writes_per_second=0, failed_logins_per_minute=0)
        region_id = RegionId(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        self.peers = LinkedPeers(region_id)
        entropy = SeededEntropy(seed)
        create_signing_key(folder / "tokens.pem")
        signer = open_signer(folder / "tokens.pem")
        endpoint = f"https://{name}.test:8443"
        self.issuer = TokenIssuer(signer=signer, region_id=str(region_id), tenant_id=TENANT, endpoint=endpoint, clock=self.clock)
        self.bucket = MemoryBucket()
        self.log = _log_in(self.bucket, region_id, signer, entropy)
        #: Token keys of this region and of those it is linked with.
        self.keys = {self.issuer.region_id: self.issuer.signer.public}
        database = Database.open_sqlite(lay_database(folder / "metadata.sqlite"))
        owner = configured_assignment(subscription=SUBSCRIPTION, client=CLIENT, role=OWNER)
        self.context = RegionContext(
            name=name,
            region_id=region_id,
            tenant_id=TENANT,
            subscription_id=SUBSCRIPTION,
            endpoint=endpoint,
            database=database,
            catalogue=CatalogueWriter(database=database, log=self.log, epoch=1, stop=_never),
            clock=self.clock,
            entropy=entropy,
            pools=DiskPools((self.pool,)),
            peers=self.peers,
            peer_catalogues=PeerCatalogues(database, self.clock, self.peers),
            vault=SmallVault(name, seed=seed).vault,
            new_names=NewNames(region_id),
            sas=SasSigner(signer),
            uploads=Uploads(self.clock),
            limits=Limits(profile=AZURE),
            authorities=Authorities(database=database, configured=(owner,)),
            activity_entries_max=_ACTIVITY_MAX,
            launch=self.launched.append,
        )
        self._app: FastAPI | None = None
        self._app_rates = self.rates
        ensure_default_group(self.context)

    def app(self) -> FastAPI:
        """Return the region's client API with real tokens."""
        if self._app is None or self._app.state.context is not self.context or self._app_rates != self.rates:
            self._app, self._app_rates = self._new_app(), self.rates
        return self._app

    def follow(self) -> None:
        """Pull what the peers that are up have changed, as a region does all the time."""
        self.context.peer_catalogues.refresh()

    def _new_app(self) -> FastAPI:
        clients = ClientSecrets({CLIENT: SECRET_HASH, OTHER_CLIENT: SECRET_HASH})
        own = TokenVerifier(tenant_id=TENANT, clock=self.clock, key_of=self.keys.get, knows_client=clients.knows)
        tokens = Tokens(
            verifier=AnyTokens(own=own, issuers=self.issuers, clock=self.clock, is_client=clients.knows),
            issuer=self.issuer,
            clients=clients,
            public_keys=lambda: self.keys,
            throttles=Throttles(self.rates, self.clock),
        )
        return build_client_app(self.context, tokens)

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
        others = [other for other in regions if other is not region]
        region.peers.others = {other.context.name: other.context for other in others}
        region.peers.apps = {other.context.name: other.app for other in others}
        for other in others:
            region.keys.update(other.keys)


def serve_at(region: ArmRegion, *, endpoint: str, launch: Callable[[RegionContext, OperationId], None]) -> None:
    """Give *region* another endpoint, and do with its work what *launch* says, before the request that starts it is answered."""

    def started(operation: OperationId) -> None:
        region.launched.append(operation)
        launch(region.context, operation)

    region.issuer = evolve(region.issuer, endpoint=endpoint)
    region.context = evolve(region.context, endpoint=endpoint, launch=started)
