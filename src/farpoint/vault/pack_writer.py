"""Writing packs: frames are sealed straight into one reused buffer, and a full buffer becomes one immutable object.

Order: ``writing`` row -> object -> index rows. A crash after the row leaves a row without an object; after the object, an orphan
that no index row names; both belong to an ended incarnation and are swept by collection. A retried attempt draws a new pack id,
and an id once opened for writing is never opened again, so no (key, nonce) pair repeats.
"""

import mmap

from attrs import frozen

from farpoint.bucket.bucket import Bucket
from farpoint.bucket.names import pack_name
from farpoint.clock import Clock, Entropy
from farpoint.codec.frame import FRAME_HEADER_BYTES, TAG_BYTES, Buffer, FrameKind, FrameSealer, decode_frame_header
from farpoint.codec.pack_format import (
    DIRECTORY_ENTRY_BYTES,
    PACK_HEADER_BYTES,
    PACK_ID_BYTES,
    TRAILER_BYTES,
    DirectoryEntry,
    PackHeader,
    Trailer,
    decode_directory,
    directory_key,
    encode_directory,
    frame_key,
)
from farpoint.errors import IntegrityError
from farpoint.model.disk import BLOCK_BYTES_MAX
from farpoint.model.ids import PackId, ScopeId
from farpoint.model.index import Location, PackKind, PackRecord
from farpoint.model.operations import Claim
from farpoint.units import MIB
from farpoint.vault.index import ChunkIndex
from farpoint.vault.keyring import Keyring

#: Open pack (16 MiB) + two requests under way (<= 6 MiB each) + one block stay below the 32 MiB that a kill may cost per stream.
DATA_PACK_BYTES = 16 * MIB
#: Nodes are about 2 KiB: even a busy increment's fit in a few packs of this size.
NODE_PACK_BYTES = 4 * MIB


@frozen(kw_only=True)
class PackDesk:
    """What a pack writer needs from its surroundings."""

    bucket: Bucket
    index: ChunkIndex
    keyring: Keyring
    clock: Clock
    entropy: Entropy


class PackWriter:
    """One lane's writer of one kind of pack in one scope; not thread-safe. After an error it refuses to go on."""

    def __init__(self, desk: PackDesk, *, scope: ScopeId, kind: PackKind, claim: Claim, read_back: bool) -> None:
        """With *read_back* the packs stay unchecked until a verifying walk has read them; without, the synced write counts."""
        self._desk = desk
        self._scope = scope
        self._kind = kind
        self._claim = claim
        self._read_back = read_back
        self._target_bytes = DATA_PACK_BYTES if kind is PackKind.DATA else NODE_PACK_BYTES
        # Anonymous memory costs nothing until it is written: a small disk's lanes hold what they use, and nobody waits for zeroing.
        self._view = memoryview(mmap.mmap(-1, self._target_bytes + FRAME_HEADER_BYTES + BLOCK_BYTES_MAX + TAG_BYTES))
        self._used = 0
        self._entries: list[DirectoryEntry] = []
        self._ids: set[bytes] = set()
        self._header: PackHeader | None = None
        self._sealer: FrameSealer | None = None
        self._broken = False
        #: Bytes of all objects put so far.
        self.stored_bytes = 0

    def __contains__(self, frame_id: bytes) -> bool:
        """Tell whether the open pack already holds this id."""
        return frame_id in self._ids

    @property
    def open_bytes(self) -> int:
        """Bytes waiting in the open pack: what a kill right now would cost."""
        return self._used

    def add(self, frame_id: bytes, *, compression: int, raw_bytes: int, payload: Buffer) -> bool:
        """Seal one chunk or node into the open pack; return True when that filled the pack and it was put and indexed."""
        self._refuse_broken()
        if frame_id in self._ids:
            return False
        header, sealer = self._opened()
        number = len(self._entries)
        room = self._view[self._used :]
        length = sealer.seal_into(
            room, kind=header.frame_kind, number=number, compression=compression, raw_bytes=raw_bytes, payload=payload
        )
        self._entries.append(DirectoryEntry(frame_id, self._used, length - FRAME_HEADER_BYTES, raw_bytes))
        self._ids.add(frame_id)
        self._used += length
        if self._used < self._target_bytes:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Put and index the open pack, if it holds anything."""
        if self._header is None:
            return
        self._refuse_broken()
        self._broken = True
        tail = self._tail(self._header)
        size_bytes = self._used + len(tail)
        self._desk.index.begin_pack(self._record(self._header, 0), self._claim)
        # A crash here leaves a `writing` row whose object is missing: nothing refers to it.
        self._desk.bucket.put(pack_name(self._header.id), [self._view[: self._used], tail])
        # A crash here leaves an object no index row names: an orphan of an ended incarnation.
        entries = [
            (entry.id, Location(self._header.id, number, entry.offset_bytes, entry.sealed_bytes, entry.raw_bytes))
            for number, entry in enumerate(self._entries)
        ]
        checked_at = None if self._read_back else self._desk.clock.now()
        self._desk.index.add_pack(self._record(self._header, size_bytes), entries, self._claim, checked_at=checked_at)
        self.stored_bytes += size_bytes
        self._reset()

    def _refuse_broken(self) -> None:
        if self._broken:
            message = "this pack writer saw an error before; its pack is abandoned"
            raise IntegrityError(message)

    def _opened(self) -> tuple[PackHeader, FrameSealer]:
        if self._header is None or self._sealer is None:
            keys = self._desk.keyring.current(self._scope)
            pack = PackId(self._desk.entropy.token_bytes(PACK_ID_BYTES))
            self._header = PackHeader(id=pack, kind=self._kind, scope=self._scope, key_generation=keys.generation)
            secret = keys.data_key if self._kind is PackKind.DATA else keys.structure_key
            self._sealer = FrameSealer(frame_key(secret, self._header), pack)
            self._view[:PACK_HEADER_BYTES] = self._header.encode()
            self._used = PACK_HEADER_BYTES
        return self._header, self._sealer

    def _tail(self, header: PackHeader) -> bytes:
        """Seal the directory and compose the trailer; decode what was made and compare before it is written."""
        plain = encode_directory(self._entries)
        structure_key = self._desk.keyring.generation(self._scope, header.key_generation).structure_key
        sealer = FrameSealer(directory_key(structure_key, header), header.id)
        tail = bytearray(FRAME_HEADER_BYTES + len(plain) + TAG_BYTES)
        count = len(self._entries)
        sealer.seal_into(memoryview(tail), kind=FrameKind.DIRECTORY, number=count, compression=0, raw_bytes=len(plain), payload=plain)
        opened = sealer.open(decode_frame_header(tail), tail[FRAME_HEADER_BYTES:])
        if decode_directory(opened) != self._entries or len(plain) != 4 + count * DIRECTORY_ENTRY_BYTES:
            message = "a pack directory does not decode to what was encoded"
            raise IntegrityError(message)
        pack_bytes = self._used + len(tail) + TRAILER_BYTES
        trailer = Trailer(directory_offset=self._used, directory_bytes=len(tail), frame_count=count, pack_bytes=pack_bytes)
        return bytes(tail) + trailer.encode()

    def _record(self, header: PackHeader, size_bytes: int) -> PackRecord:
        return PackRecord(id=header.id, kind=self._kind, scope=self._scope, key_generation=header.key_generation, size_bytes=size_bytes)

    def _reset(self) -> None:
        self._header = self._sealer = None
        self._used = 0
        self._entries = []
        self._ids = set()
        self._broken = False
