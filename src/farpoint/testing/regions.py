"""Two regions in one process: real databases, keys, vaults and disks, joined without a network, their work run by hand.

A region is what is durable (folder and bucket) and what a process makes of it. start() makes a process of it, stop() lets that
process go, and a killed one is started anew from what is durable. Every change it makes is an effect (farpoint.testing.effects).
"""

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

from attrs import frozen

from farpoint.api.resource_document import resource_document, resource_documents
from farpoint.bucket.bucket import Bucket
from farpoint.clock import Clock, Entropy
from farpoint.disks.pools import DiskPools
from farpoint.disks.uploads import Uploads
from farpoint.errors import Code, RefusedError, SecondWriterError
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.sas import SasSigner
from farpoint.keys.signing import Signer, create_signing_key, open_signer
from farpoint.keys.tokens import TokenIssuer, TokenVerifier
from farpoint.metadata.chunk_index import SqlChunkIndex
from farpoint.metadata.operations import get_operation, live_operations
from farpoint.metadata.peers import PeerPin, put_pin
from farpoint.metadata.plan_store import SqlPlanStore
from farpoint.model.directory import DirectoryRecord
from farpoint.model.ids import OperationId, RegionId, ScopeId
from farpoint.model.limits import AZURE, Limits
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.remote import RegionIdentity
from farpoint.model.roles import OWNER, configured_assignment
from farpoint.movers.lanes import InlineLanes
from farpoint.movers.ports import SourceRegion
from farpoint.operations.steps import InlineSteps, Steps
from farpoint.peers.protocol import VERSIONS
from farpoint.services.authority import Authorities
from farpoint.services.catalogue import CatalogueWriter
from farpoint.services.context import RegionContext
from farpoint.services.group_deletion import GroupDeletion, clear_own_group
from farpoint.services.groups import ensure_default_group
from farpoint.services.new_names import NewNames
from farpoint.services.ownership import holds_name
from farpoint.services.peer_catalogues import PeerCatalogues
from farpoint.services.peer_pins import PeerPins
from farpoint.services.serving import ManifestCache, ServingContext
from farpoint.testing.direct_source import DirectSource
from farpoint.testing.effects import Effects
from farpoint.testing.linked_peers import LinkedPeers
from farpoint.testing.watched_storage import WatchedBucket, WatchedDatabase, open_watched
from farpoint.vault.identity import ensure_identity
from farpoint.vault.vault import Vault, VaultParts
from farpoint.workflows.bench import Bench
from farpoint.workflows.recipe import Recipe, follow
from farpoint.workflows.recipes import RECIPES

TENANT = "2f4a7c3e-0000-4000-8000-00000000000a"
SUBSCRIPTION = "2f4a7c3e-0000-4000-8000-00000000000b"
#: On whose behalf everything is done.
CLIENT = "2f4a7c3e-0000-4000-8000-00000000000c"
#: Each region's database is the first one made for its bucket.
_EPOCH = 1
_ACTIVITY_MAX = 1000

#: Opens the database file of a region.
OpenDatabase = Callable[[Path], WatchedDatabase]


@frozen(kw_only=True)
class Surroundings:
    """What a region is given from outside."""

    clock: Clock
    entropy: Entropy
    bucket: Bucket
    open_database: OpenDatabase = open_watched


class SmallRegion:
    """One region; its id follows from its name."""

    def __init__(self, name: str, folder: Path, surroundings: Surroundings) -> None:
        """Make keys in *folder* unless they are there; nothing runs before start()."""
        self.name = name
        self.folder = folder
        self.region = RegionId(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        self.pool = folder / "disks"
        self.clock = surroundings.clock
        self.effects = Effects(self.clock)
        self.bucket = surroundings.bucket
        self.peers = LinkedPeers(self.region)
        self.others: dict[str, SmallRegion] = {}
        #: Operations that services started, in order; nobody runs them but the test.
        self.launched: list[OperationId] = []
        #: What would have ended the process: others that write this region's catalogue log.
        self.second_writers: list[SecondWriterError] = []
        #: How often the region was started.
        self.starts = 0
        self.copy_deadline = dt.timedelta(days=14)
        self._surroundings = surroundings
        self._sources: dict[str, DirectSource] = {}
        _make_keys(folder, surroundings.entropy)
        self.pool.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Make a process of what is durable: everything is new, nothing is remembered, and effects are counted from here on."""
        self.starts += 1
        self.effects.reset()
        signer, tokens = open_signer(self.folder / "signing.pem"), open_signer(self.folder / "tokens.pem")
        self.database = self._open_database()
        self.database.effects = self.effects
        self.vault = self._vault(signer)
        self.identity = RegionIdentity(
            region=self.region,
            name=self.name,
            signing_key=signer.public,
            token_key=tokens.public,
            endpoint=f"https://{self.name}.test",
            versions=VERSIONS,
        )
        self.pins = PeerPins(database=self.database, own=self.identity)
        self.issuer = TokenIssuer(
            signer=tokens, region_id=str(self.region), tenant_id=TENANT, endpoint=f"https://{self.name}.test", clock=self.clock
        )
        self.context = self._context()
        self.serving = self._serving()
        self.bench = self._bench()
        self._sources = {}
        for other in self.others.values():
            other.peers.others[self.name] = self.context
        self.effects.reset()

    def stop(self) -> None:
        """Let the process go, dead or alive; what it had not made durable is gone."""
        self.database.close()

    def restart(self) -> None:
        """Stop, and start from what is durable with a fresh count of effects."""
        self.stop()
        self.start()

    def run(self, operation: OperationId, steps: Steps | None = None, *, recipe: Recipe | None = None) -> None:
        """Do one operation from wherever *steps* remembers; without them nothing is remembered."""
        follow(recipe or RECIPES[self.operation(operation).kind], steps or InlineSteps(), self.bench, operation)

    def operation(self, operation: OperationId) -> Operation:
        """Return the row of an operation."""
        with self.database.read() as conn:
            found = get_operation(conn, operation)
        assert found is not None, "an operation's row stays"
        return found

    def run_launched(self) -> None:
        """Do everything that services started and that was not done yet."""
        while self.launched:
            self.run(self.launched.pop(0))

    def source(self, region: str) -> SourceRegion:
        """Return another region as the source of copies; satisfies workflows.bench.SourceRegions together with signing_key."""
        return self.source_of(region)

    def source_of(self, region: str) -> DirectSource:
        """Return it with its record of what was sent since the last start."""
        if region not in {*self.others, self.name}:
            raise RefusedError(Code.UNKNOWN_REGION, f"region {region} is not a peer of {self.name}")
        if region not in self._sources:
            other = self if region == self.name else self.others[region]
            self._sources[region] = DirectSource(lambda: other.serving, asking=self.region, issuer=self.issuer, effects=self.effects)
        return self._sources[region]

    def signing_key(self, region: RegionId) -> bytes | None:
        """Return the key that checks a region's manifests."""
        return self.pins.signing_key(region)

    def _open_database(self) -> WatchedDatabase:
        return self._surroundings.open_database(self.folder / "metadata.sqlite") if self.starts == 1 else self.database.reopened()

    def _vault(self, signer: Signer) -> Vault:
        entropy = self._surroundings.entropy
        bucket = WatchedBucket(self.bucket, self.effects)
        ensure_identity(bucket, region=self.region, name=self.name, signer=signer)
        parts = VaultParts(
            bucket=bucket,
            index=SqlChunkIndex(self.database),
            provider=FileKeyProvider.open(self.folder / "kek.json", entropy),
            signer=signer,
            region=self.region,
            scope=ScopeId(uuid.uuid5(self.region, "scope")),
            clock=self.clock,
            entropy=entropy,
        )
        vault = Vault(parts)
        vault.keyring.create_first(vault.platform_scope)
        return vault

    def _context(self) -> RegionContext:
        context = RegionContext(
            name=self.name,
            region_id=self.region,
            tenant_id=TENANT,
            subscription_id=SUBSCRIPTION,
            endpoint=self.identity.endpoint,
            database=self.database,
            catalogue=CatalogueWriter(database=self.database, log=self.vault.catalogue, epoch=_EPOCH, stop=self.second_writers.append),
            clock=self.clock,
            entropy=self._surroundings.entropy,
            pools=DiskPools((self.pool,)),
            peers=self.peers,
            peer_catalogues=PeerCatalogues(self.database, self.clock, self.peers),
            vault=self.vault,
            new_names=NewNames(self.region),
            sas=SasSigner(open_signer(self.folder / "tokens.pem")),
            uploads=Uploads(self.clock),
            limits=Limits(profile=AZURE),
            authorities=self._authorities(),
            activity_entries_max=_ACTIVITY_MAX,
            launch=self.launched.append,
        )
        ensure_default_group(context)
        return context

    def _authorities(self) -> Authorities:
        owner = configured_assignment(subscription=SUBSCRIPTION, client=CLIENT, role=OWNER)
        return Authorities(database=self.database, configured=(owner,))

    def _serving(self) -> ServingContext:
        verifier = TokenVerifier(
            tenant_id=TENANT, clock=self.clock, key_of=self.pins.token_key, knows_client=lambda client: client == CLIENT
        )
        return ServingContext(
            identity=self.identity,
            epoch=_EPOCH,
            database=self.database,
            vault=self.vault,
            manifests=ManifestCache(self.vault.manifests),
            assertions=verifier,
            subscription_id=SUBSCRIPTION,
            authorities=self._authorities(),
            pins=self.pins,
            document_of=lambda arm_id: resource_document(self.context, arm_id),
            documents_of=lambda arm_path: resource_documents(self.context, arm_path),
            clear_group=partial(clear_own_group, self.context),
            holds_name=partial(holds_name, self.context),
        )

    def _bench(self) -> Bench:
        return Bench(
            region_name=self.name,
            region=self.region,
            database=self.database,
            vault=self.vault,
            plans=SqlPlanStore(self.database),
            sources=self,
            groups=PromptGroupDeletion(self),
            clock=self.clock,
            lanes=InlineLanes(),
            streams=InlineLanes(),
            copy_deadline=self.copy_deadline,
            stopping=threading.Event(),
        )


class PromptGroupDeletion:
    """Satisfies workflows.bench.GroupWork: what a deletion starts in any region is done before it is told how much is left."""

    def __init__(self, region: SmallRegion) -> None:
        """Delete from *region*."""
        self._region = region
        self._deletion = GroupDeletion(context=region.context)

    def look(self, group: str, *, operation: OperationId, principal: str) -> None:
        """Look in all regions."""
        self._deletion.look(group, operation=operation, principal=principal)

    def clear(self, group: str, *, operation: OperationId, principal: str) -> int:
        """Delete, then do what that has started."""
        left = self._deletion.clear(group, operation=operation, principal=principal)
        for region in (self._region, *self._region.others.values()):
            with region.database.read() as conn:
                started = [one.id for one in live_operations(conn) if one.kind is OperationKind.DELETE_COLLECTION]
            for one in started:
                region.run(one)
        return left

    def tell(self, record: DirectoryRecord) -> None:
        """Tell the peers that answer."""
        self._deletion.tell(record)


def link(first: SmallRegion, second: SmallRegion) -> None:
    """Make two started regions peers that have met: each has pinned the other's keys."""
    for region, other in ((first, second), (second, first)):
        region.others[other.name] = other
        region.peers.others[other.name] = other.context
        identity = other.identity
        pin = PeerPin(region=other.region, name=other.name, signing_key=identity.signing_key, token_key=identity.token_key)
        with region.database.write() as conn:
            put_pin(conn, pin)


def _make_keys(folder: Path, entropy: Entropy) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / "kek.json").exists():
        FileKeyProvider.create(folder / "kek.json", entropy)
        create_signing_key(folder / "signing.pem")
        create_signing_key(folder / "tokens.pem")
