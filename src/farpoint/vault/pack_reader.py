"""Reading packs: single frames by location, whole packs for verification. Every byte is authenticated before it is handed out."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from attrs import frozen

from farpoint.bucket.bucket import Bucket, ObjectMissingError
from farpoint.bucket.names import pack_name
from farpoint.codec.frame import FRAME_HEADER_BYTES, FrameHeader, FrameKind, FrameSealer, check_sealed, decode_frame_header
from farpoint.codec.pack_format import (
    PACK_HEADER_BYTES,
    TRAILER_BYTES,
    DirectoryEntry,
    PackHeader,
    decode_directory,
    decode_pack_header,
    decode_trailer,
    directory_key,
    frame_key,
)
from farpoint.errors import IntegrityError, Place
from farpoint.model.ids import PackId
from farpoint.model.index import Location, PackKind, PackRecord
from farpoint.units import MIB
from farpoint.vault.index import ChunkIndex
from farpoint.vault.keyring import Keyring

#: Adjacent frames are read together up to this length.
RUN_BYTES_MAX = 8 * MIB
#: Opened pack keys kept; a disk's blocks come from few packs at a time.
_SEALERS_MAX = 1024


@frozen
class OpenedFrame:
    """One authenticated frame, still compressed."""

    location: Location
    compression: int
    payload: bytes


class PackReader:
    """Thread-safe; buffers belong to the caller's call."""

    def __init__(self, bucket: Bucket, index: ChunkIndex, keyring: Keyring) -> None:
        """Read objects of *bucket* that *index* lists."""
        self._bucket = bucket
        self._index = index
        self._keyring = keyring
        self._lock = threading.Lock()
        self._sealers: OrderedDict[PackId, tuple[FrameSealer, FrameKind]] = OrderedDict()

    def open_frames(self, locations: Sequence[Location]) -> Iterator[OpenedFrame]:
        """Yield the frames at *locations* in that order, reading neighbours in one go.

        Raises IntegrityError naming pack and frame when a frame is not what the index says, ObjectMissingError when a pack is gone.
        """
        buffer = memoryview(bytearray(0))
        for run in _runs(locations):
            start = run[0].offset_bytes
            length = run[-1].offset_bytes + FRAME_HEADER_BYTES + run[-1].sealed_bytes - start
            if len(buffer) < length:
                buffer = memoryview(bytearray(length))
            name = pack_name(run[0].pack)
            got = self._bucket.read_into(name, start, buffer[:length])
            sealer, kind = self._sealer(run[0].pack)
            for location in run:
                first = location.offset_bytes - start
                yield self._open(buffer[first:got], location, sealer, kind)

    def _open(self, data: memoryview, location: Location, sealer: FrameSealer, kind: FrameKind) -> OpenedFrame:
        place = Place(pack=pack_name(location.pack), frame=location.frame)
        try:
            header = decode_frame_header(data)
            expected = (kind, location.frame, location.sealed_bytes, location.raw_bytes)
            if (header.kind, header.number, header.sealed_bytes, header.raw_bytes) != expected:
                message = "a frame is not the one the index expects"
                raise IntegrityError(message)
            ciphertext = data[FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + header.sealed_bytes]
            return OpenedFrame(location, header.compression, sealer.open(header, ciphertext))
        except IntegrityError as error:
            raise IntegrityError(
                error.message,
                hint="Restore another point, or this one where it is sound; verify it to see how far the damage reaches.",
                place=place,
            ) from error

    def check_pack(self, record: PackRecord) -> list[DirectoryEntry]:
        """Read a whole pack back; check header, each frame's ciphertext hash, directory and trailer; return its entries.

        Needs the structure key only. Raises IntegrityError naming pack and frame.
        """
        data, entries = self._read_directory(record)
        for error in _damaged_frames(record, data, entries):
            raise error
        return entries

    def find_damage(self, record: PackRecord) -> Iterator[IntegrityError]:
        """Yield all that makes check_pack refuse the pack: each damaged frame, or what says that none of it can be read."""
        try:
            data, entries = self._read_directory(record)
        except IntegrityError as error:
            yield error
            return
        yield from _damaged_frames(record, data, entries)

    def _read_directory(self, record: PackRecord) -> tuple[memoryview, list[DirectoryEntry]]:
        name = pack_name(record.id)
        try:
            data = memoryview(self._bucket.get(name))
            header = decode_pack_header(data)
            expected = PackHeader(id=record.id, kind=record.kind, scope=record.scope, key_generation=record.key_generation)
            if header != expected or len(data) != record.size_bytes:
                message = "a pack's header or length is not what the index says"
                raise IntegrityError(message)
            trailer = decode_trailer(data[-TRAILER_BYTES:], pack_bytes=len(data))
            frame = data[trailer.directory_offset : trailer.directory_offset + trailer.directory_bytes]
            directory = decode_frame_header(frame)
            check_sealed(directory, frame[FRAME_HEADER_BYTES:])
            key = directory_key(self._keyring.generation(record.scope, record.key_generation).structure_key, header)
            entries = decode_directory(FrameSealer(key, record.id).open(directory, frame[FRAME_HEADER_BYTES:]))
            end = entries[-1].offset_bytes + FRAME_HEADER_BYTES + entries[-1].sealed_bytes if entries else PACK_HEADER_BYTES
            if directory.kind is not FrameKind.DIRECTORY or (len(entries), end) != (trailer.frame_count, trailer.directory_offset):
                message = "a pack's directory and trailer disagree"
                raise IntegrityError(message)
        except ObjectMissingError as error:
            message = f"pack {name} is missing from the bucket"
            raise IntegrityError(message, place=Place(pack=name)) from error
        except IntegrityError as error:
            raise IntegrityError(error.message, place=Place(pack=name)) from error
        return data, entries

    def _sealer(self, pack: PackId) -> tuple[FrameSealer, FrameKind]:
        with self._lock:
            known = self._sealers.get(pack)
            if known is not None:
                self._sealers.move_to_end(pack)
                return known
        record = self._index.find_packs([pack]).get(pack)
        if record is None:
            raise ObjectMissingError(pack_name(pack))
        keys = self._keyring.generation(record.scope, record.key_generation)
        header = PackHeader(id=pack, kind=record.kind, scope=record.scope, key_generation=record.key_generation)
        secret = keys.data_key if record.kind is PackKind.DATA else keys.structure_key
        made = (FrameSealer(frame_key(secret, header), pack), header.frame_kind)
        with self._lock:
            self._sealers[pack] = made
            if len(self._sealers) > _SEALERS_MAX:
                self._sealers.popitem(last=False)
        return made


def _damaged_frames(record: PackRecord, data: memoryview, entries: Sequence[DirectoryEntry]) -> Iterator[IntegrityError]:
    for number, entry in enumerate(entries):
        frame = data[entry.offset_bytes : entry.offset_bytes + FRAME_HEADER_BYTES + entry.sealed_bytes]
        try:
            header = decode_frame_header(frame)
            check_sealed(header, frame[FRAME_HEADER_BYTES:])
            _match(header, entry, number, _frame_kind(record.kind))
        except IntegrityError as error:
            yield IntegrityError(error.message, place=Place(pack=pack_name(record.id), frame=number))


def _match(header: FrameHeader, entry: DirectoryEntry, number: int, kind: FrameKind) -> None:
    if (header.kind, header.number, header.sealed_bytes, header.raw_bytes) != (kind, number, entry.sealed_bytes, entry.raw_bytes):
        message = "a frame is not the one the pack's directory lists"
        raise IntegrityError(message)


def _frame_kind(kind: PackKind) -> FrameKind:
    return FrameKind.CHUNK if kind is PackKind.DATA else FrameKind.NODE


def _runs(locations: Sequence[Location]) -> Iterator[list[Location]]:
    """Cut *locations* into runs of neighbours in one pack, in the order given, each at most RUN_BYTES_MAX long."""
    run: list[Location] = []
    for location in locations:
        if run and not _continues(run, location):
            yield run
            run = []
        run.append(location)
    if run:
        yield run


def _continues(run: list[Location], location: Location) -> bool:
    last, first = run[-1], run[0]
    adjacent = location.pack == last.pack and location.offset_bytes == last.offset_bytes + FRAME_HEADER_BYTES + last.sealed_bytes
    return adjacent and location.offset_bytes + location.sealed_bytes - first.offset_bytes < RUN_BYTES_MAX
