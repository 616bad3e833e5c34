"""The vault: one region's packs, maps, manifests and index behind one facade."""

import logging
import threading
from collections.abc import Callable, Collection

from attrs import frozen

from farpoint.bucket.bucket import Bucket
from farpoint.bucket.names import pack_name, pack_of_name
from farpoint.clock import Clock, Entropy
from farpoint.keys.provider import KeyProvider
from farpoint.keys.signing import Signer
from farpoint.model.disk import DiskState
from farpoint.model.ids import PackId, RegionId, ScopeId
from farpoint.model.index import PackKind
from farpoint.model.operations import Claim
from farpoint.vault.catalogue import CatalogueLog
from farpoint.vault.closing import ClosingWalk, Closure, Each, one_by_one
from farpoint.vault.index import ChunkIndex
from farpoint.vault.keyring import Keyring
from farpoint.vault.manifests import Manifests
from farpoint.vault.node_store import ScopeNodeStore
from farpoint.vault.pack_reader import PackReader
from farpoint.vault.pack_writer import PackDesk, PackWriter
from farpoint.vault.scope_reader import ScopeReader
from farpoint.vault.verify import BucketCheck, VerifyReport, judge_packs, verify_packs, verify_state

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class VaultParts:
    """What a vault is put together from (bootstrap does)."""

    bucket: Bucket
    index: ChunkIndex
    provider: KeyProvider
    signer: Signer
    region: RegionId
    #: The subscription's platform scope.
    scope: ScopeId
    clock: Clock
    entropy: Entropy


class Vault:
    """Thread-safe; writers it hands out belong to one thread each."""

    def __init__(self, parts: VaultParts) -> None:
        """Join the parts."""
        bucket, index = parts.bucket, parts.index
        self.bucket = bucket
        self.index = index
        self.region = parts.region
        self.platform_scope = parts.scope
        self.signer = parts.signer
        self._clock = parts.clock
        self.keyring = Keyring(bucket, parts.provider, parts.entropy)
        self.packs = PackReader(bucket, index, self.keyring)
        self.manifests = Manifests(
            bucket=bucket, keyring=self.keyring, signer=parts.signer, region=parts.region, scope=parts.scope, entropy=parts.entropy
        )
        self.catalogue = CatalogueLog(
            bucket=bucket, keyring=self.keyring, signer=parts.signer, region=parts.region, scope=parts.scope, entropy=parts.entropy
        )
        self._desk = PackDesk(bucket=bucket, index=index, keyring=self.keyring, clock=parts.clock, entropy=parts.entropy)
        self._lock = threading.Lock()
        self._readers: dict[ScopeId, ScopeReader] = {}

    def reader(self, scope: ScopeId) -> ScopeReader:
        """Return the reader of *scope*; all share one node cache per scope."""
        with self._lock:
            reader = self._readers.get(scope)
            if reader is None:
                reader = self._readers[scope] = ScopeReader(scope, self.index, self.packs)
            return reader

    def audit(self, scope: ScopeId, state: DiskState, *, disk: str, on_bytes: Callable[[int], None]) -> VerifyReport:
        """Prove every stored byte of *state*: chunks and nodes by their ids, and the packs that hold them whole.

        Reads through nothing that is cached: what is in memory says nothing about what is in the bucket. Packs that are found damaged
        are quarantined; quarantined ones that are found whole are reinstated.
        """
        met: dict[PackId, int] = {}
        report = verify_state(ScopeReader(scope, self.index, self.packs, met=met), state, disk=disk, on_bytes=on_bytes)
        report = judge_packs(report, verify_packs(self.index, self.packs, met, disk=disk), met)
        self.quarantine(report.bad_packs)
        # What was damaged once and is whole now (somebody put the object back) is as good as ever.
        self.index.reinstate([pack for pack in met if pack_name(pack) not in report.bad_packs])
        return report

    def quarantine(self, names: Collection[str]) -> None:
        """Rely no more on the packs with these object names, in which damage was found; names of other things are passed over.

        Captures and copies then store what these packs hold again wherever they meet it, and walks lean on nothing above it.
        """
        taken = self.index.quarantine([pack for name in names if (pack := pack_of_name(name)) is not None])
        for pack in sorted(taken):
            _log.error("pack_quarantined", extra={"pack": pack_name(pack)})

    def chunk_writer(self, scope: ScopeId, claim: Claim, *, read_back: bool) -> PackWriter:
        """Return a writer of data packs for one lane."""
        return PackWriter(self._desk, scope=scope, kind=PackKind.DATA, claim=claim, read_back=read_back)

    def node_store(self, scope: ScopeId, claim: Claim, *, read_back: bool) -> ScopeNodeStore:
        """Return a store for map nodes."""
        writer = PackWriter(self._desk, scope=scope, kind=PackKind.NODES, claim=claim, read_back=read_back)
        return ScopeNodeStore(self.reader(scope), self.index, writer)

    def close(
        self, scope: ScopeId, state: DiskState, claim: Claim, *, on_step: Callable[[], None] | None = None, each: Each = one_by_one
    ) -> Closure:
        """Walk the map of *state*, prove it complete and sound, and mark it closed, calling *on_step* on the way. Raises IntegrityError.

        Packs that were never read back are, by *each*.
        """
        walk = ClosingWalk(self.reader(scope), self.index, self.packs, claim, self._clock.now(), each)
        return walk.close(state, on_step)

    def check_bucket(self) -> None:
        """Check every object of the bucket. Raises IntegrityError at the first damage."""
        BucketCheck(
            bucket=self.bucket,
            index=self.index,
            keyring=self.keyring,
            packs=self.packs,
            manifests=self.manifests,
            catalogue=self.catalogue,
        ).run()
