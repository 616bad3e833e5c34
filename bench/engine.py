"""One region's storage without its servers, for benchmarks: capture and restore as the workflows do them, in this process."""

import shutil
import uuid
from pathlib import Path

from farpoint.bucket.directory import DirectoryBucket
from farpoint.clock import SystemClock, SystemEntropy
from farpoint.disks.open_target import open_target
from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.target import TargetRequest
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.signing import create_signing_key, open_signer
from farpoint.metadata.chunk_index import SqlChunkIndex
from farpoint.metadata.database import Database
from farpoint.metadata.operations import claim_operation, insert_operation
from farpoint.model.disk import BLOCK_BYTES_DEFAULT, DiskState, Geometry
from farpoint.model.ids import OperationId, RegionId, ScopeId
from farpoint.model.operations import Claim, Operation, OperationKind, OperationState
from farpoint.movers.capture import CapturedDisk, CaptureRequest, capture_disk
from farpoint.movers.lanes import ThreadLanes
from farpoint.movers.restore import Reports, RestoreParts, count_data_bytes, restore_disk
from farpoint.vault.vault import Vault, VaultParts


class Engine:
    """A vault in a folder of its own."""

    def __init__(self, folder: Path, lanes: int) -> None:
        """Start empty; whatever is in *folder* is removed."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        entropy, self._clock = SystemEntropy(), SystemClock()
        FileKeyProvider.create(folder / "kek.json", entropy)
        create_signing_key(folder / "signing.pem")
        self._database = Database.open_sqlite(folder / "metadata.sqlite")
        self._scope = ScopeId(uuid.uuid4())
        self._vault = Vault(
            VaultParts(
                bucket=DirectoryBucket(folder / "bucket"),
                index=SqlChunkIndex(self._database),
                provider=FileKeyProvider.open(folder / "kek.json", entropy),
                signer=open_signer(folder / "signing.pem"),
                region=RegionId(uuid.uuid4()),
                scope=self._scope,
                clock=self._clock,
                entropy=entropy,
            )
        )
        self._vault.keyring.create_first(self._scope)
        self._lanes = ThreadLanes(lanes)

    def capture(self, image: Path, parent: DiskState | None = None) -> CapturedDisk:
        """Capture *image* and close its map, as a restore point does."""
        source, claim = open_raw_source(image, allow_live=False), self._claim()
        try:
            geometry = Geometry(size_bytes=source.size_bytes, block_bytes=BLOCK_BYTES_DEFAULT)
            request = CaptureRequest(source=source, geometry=geometry, parent=parent, scope=self._scope, claim=claim)
            made = capture_disk(self._vault, self._lanes, request, lambda _read: None)
            source.check_unchanged()
        finally:
            source.close()
        self._vault.close(self._scope, made.state, claim)
        return made

    def restore(self, state: DiskState, path: Path) -> None:
        """Restore *state* to a new file."""
        data_bytes = sum(count_data_bytes(self._vault.reader(self._scope), state))
        request = TargetRequest(path=path, size_bytes=state.size_bytes, data_bytes=data_bytes)
        target = open_target(request, clock=self._clock, wait=None)
        try:
            parts = RestoreParts(vault=self._vault, lanes=self._lanes, scope=self._scope, disk="disk", state=state, target=target)
            restore_disk(parts, Reports(on_written=lambda _written: None, on_checkpoint=lambda _offset: None))
            target.publish()
        finally:
            target.close()

    def close(self) -> None:
        """Let the database go."""
        self._database.close()

    def _claim(self) -> Claim:
        guid = OperationId(uuid.uuid4())
        operation = Operation(
            id=guid,
            kind=OperationKind.CREATE_POINT,
            resource_id="/bench",
            subject=str(guid),
            state=OperationState.RUNNING,
            answered=False,
            incarnation=0,
            principal="bench",
            request={},
            created_at=self._clock.now(),
        )
        with self._database.write() as conn:
            insert_operation(conn, operation)
            return claim_operation(conn, guid)
