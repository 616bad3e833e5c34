"""A region's vault without the rest of the region: what is durable of it (bucket, index, keys), and vaults opened on that at will.

What goes in and out are disks in memory; captures, copies and restores are the real ones, in one thread.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from attrs import evolve

from farpoint.bucket.bucket import Bucket
from farpoint.codec.catalogue_format import NO_ENTRY
from farpoint.codec.digest import entry_digest
from farpoint.keys.key_file import KEY_BYTES, FileKeyProvider
from farpoint.keys.signing import Signer
from farpoint.model.catalogue import ResourceChange
from farpoint.model.disk import BLOCK_BYTES_MIN, DiskState, Geometry
from farpoint.model.ids import ManifestId, OperationId, RegionId, ScopeId
from farpoint.model.manifest import CaptureMode, ChangeDetection, Consistency, DiskEntry, LineageHop, Manifest
from farpoint.movers.capture import CapturedDisk, CaptureRequest, capture_disk
from farpoint.movers.lanes import InlineLanes
from farpoint.movers.plan import PlanParts, plan_disk
from farpoint.movers.restore import Reports, RestoreParts, restore_disk
from farpoint.movers.transfer import TransferParts, transfer_disk
from farpoint.testing.ambient import FakeClock, SeededEntropy
from farpoint.testing.memory_bucket import MemoryBucket
from farpoint.testing.memory_disks import MemorySource, MemoryTarget
from farpoint.testing.memory_index import MemoryIndex
from farpoint.testing.memory_plan import MemoryPlan
from farpoint.testing.vault_source import TOKEN, VaultSource
from farpoint.vault.identity import claim_epoch, ensure_identity
from farpoint.vault.receipts import ReceiptDisk, keep_receipt, make_receipt
from farpoint.vault.vault import Vault, VaultParts


class SmallVault:
    """Everything in it follows from its name and seed."""

    def __init__(self, name: str, *, seed: int, bucket: Bucket | None = None) -> None:
        """Make identity, first epoch and keys in an empty *bucket* (in memory when none is given)."""
        self.name = name
        self.clock = FakeClock()
        self.entropy = SeededEntropy(seed)
        self.region = RegionId(self.entropy.guid())
        self.scope = ScopeId(self.entropy.guid())
        self.kek = self.entropy.token_bytes(KEY_BYTES)
        self.signing_seed = self.entropy.token_bytes(KEY_BYTES)
        self.signer = Signer.from_seed(self.signing_seed)
        self.memory = MemoryBucket()
        self.bucket: Bucket = bucket or self.memory
        self.index = MemoryIndex()
        self.plans = MemoryPlan(self.index.claims)
        ensure_identity(self.bucket, region=self.region, name=name, signer=self.signer)
        claim_epoch(self.bucket, claimant=self.entropy.guid(), signer=self.signer)
        #: Number and digest of the newest entry of the catalogue log.
        self.head = (0, NO_ENTRY)
        self.claim = self.index.claims.claim(OperationId(self.entropy.guid()))
        self.vault = self.reopen()
        self.vault.keyring.create_first(self.scope)

    def reopen(self) -> Vault:
        """Open the vault anew: nothing is cached."""
        provider = FileKeyProvider(Path("kek.json"), {1: self.kek}, self.entropy)
        self.vault = Vault(
            VaultParts(
                bucket=self.bucket,
                index=self.index,
                provider=provider,
                signer=self.signer,
                region=self.region,
                scope=self.scope,
                clock=self.clock,
                entropy=self.entropy,
            )
        )
        return self.vault

    def capture(self, data: bytes, *, parent: DiskState | None = None, block_bytes: int = BLOCK_BYTES_MIN) -> CapturedDisk:
        """Capture a disk that holds *data*."""
        request = CaptureRequest(
            source=MemorySource(data),
            geometry=Geometry(size_bytes=len(data), block_bytes=block_bytes),
            parent=parent,
            scope=self.scope,
            claim=self.claim,
        )
        return capture_disk(self.vault, InlineLanes(), request, on_read=lambda _: None)

    def restore(self, state: DiskState, *, disk: str = "disk") -> bytes:
        """Restore a disk and return its bytes."""
        target = MemoryTarget(state.size_bytes)
        parts = RestoreParts(vault=self.vault, lanes=InlineLanes(), scope=self.scope, disk=disk, state=state, target=target)
        restore_disk(parts, Reports(on_written=lambda _: None, on_checkpoint=lambda _: None))
        return bytes(target.data)

    def close(self, state: DiskState) -> dt.datetime:
        """Close a map and return the oldest check that leans on."""
        return self.vault.close(self.scope, state, self.claim).oldest_check

    def publish(self, states: Mapping[str, DiskState], *, parent: Manifest | None = None) -> Manifest:
        """Close and publish a point of these captured disks; the first is the OS disk."""
        for state in states.values():
            self.close(state)
        return self.vault.manifests.publish(_manifest(self, states, parent))

    def copy(self, source: "SmallVault", point: Manifest) -> Manifest:
        """Copy a point of another vault into this one, with its receipt."""
        wire = VaultSource(source.vault.reader(source.scope), {disk.name: disk.state for disk in point.disks})
        for disk in point.disks:
            self.fetch(wire, disk.name, disk.state)
        receipts = []
        for disk in point.disks:
            closure = self.vault.close(self.scope, disk.state, self.claim)
            receipts.append(
                ReceiptDisk(name=disk.name, state=disk.state, bytes_verified_now=closure.bytes_read_back, oldest_check=closure.oldest_check)
            )
        copied = self.vault.manifests.publish(_copied(self, source, point))
        receipt = make_receipt(
            region=self.region, manifest=copied.id, source_manifest=point.id, disks=receipts, now=self.clock.now(), signer=self.signer
        )
        keep_receipt(self.bucket, copied.id, receipt)
        return copied

    def tell(self, *changes: ResourceChange) -> None:
        """Write an entry of the catalogue log, in epoch 1."""
        seq, previous = self.head[0] + 1, self.head[1]
        data = self.vault.catalogue.compose(changes, epoch=1, seq=seq, previous=previous)
        self.vault.catalogue.publish(data, epoch=1, seq=seq)
        self.head = (seq, entry_digest(data))

    def plan(self, source: VaultSource, disk: str, state: DiskState) -> int:
        """Plan one disk of a copy and return how many nodes were compared."""
        parts = PlanParts(vault=self.vault, source=source, token=TOKEN, scope=self.scope, store=self.plans, claim=self.claim)
        return plan_disk(parts, disk, state)

    def fetch(self, source: VaultSource, disk: str, state: DiskState) -> None:
        """Plan and transfer one disk of a copy."""
        self.plan(source, disk, state)
        parts = TransferParts(
            vault=self.vault, lanes=InlineLanes(), source=source, token=TOKEN, scope=self.scope, store=self.plans, claim=self.claim
        )
        transfer_disk(parts, disk, block_bytes=state.block_bytes, on_arrival=lambda _: None)


def _manifest(vault: SmallVault, states: Mapping[str, DiskState], parent: Manifest | None) -> Manifest:
    guid = ManifestId(vault.entropy.guid())
    point_id = f"/restorePoints/{guid}"
    disks = tuple(_entry(vault, name, place, state) for place, (name, state) in enumerate(states.items()))
    return Manifest(
        id=guid,
        operation=str(vault.claim.operation),
        point_id=point_id,
        vm={"location": vault.name, "vmId": str(vault.region)},
        disks=disks,
        consistency_requested=Consistency.CRASH,
        consistency_achieved=Consistency.CRASH,
        guest_freeze=vault.clock.now(),
        committed_at=vault.clock.now(),
        parent=None if parent is None else parent.id,
        lineage=(_hop(vault, guid, point_id),),
    )


def _entry(vault: SmallVault, name: str, place: int, state: DiskState) -> DiskEntry:
    return DiskEntry(
        name=name,
        lun=None if place == 0 else place - 1,
        state=state,
        scope=vault.scope,
        source_disk_id=f"/disks/{name}",
        source_unique_id=name,
        mode=CaptureMode.FULL,
        why_full=None,
        change_detection=ChangeDetection.FILE_TIMES,
        read_bytes=state.size_bytes,
        stored_bytes=0,
    )


def _hop(vault: SmallVault, manifest: ManifestId, point_id: str) -> LineageHop:
    now = vault.clock.now()
    return LineageHop(
        region=vault.region,
        region_name=vault.name,
        point_id=point_id,
        manifest=manifest,
        guest_freeze=now,
        committed_at_source=now,
        committed_here=now,
    )


def _copied(target: SmallVault, source: SmallVault, point: Manifest) -> Manifest:
    guid = ManifestId(target.entropy.guid())
    point_id = f"/restorePoints/{guid}"
    return evolve(
        point,
        id=guid,
        operation=str(target.claim.operation),
        point_id=point_id,
        disks=tuple(evolve(disk, scope=target.scope) for disk in point.disks),
        parent=None,
        lineage=(*point.lineage, _hop(target, guid, point_id)),
        source_statement=source.vault.manifests.statement(point.id),
    )
