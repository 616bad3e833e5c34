"""Verification on request: every byte of a disk state read back, decrypted, decompressed and hashed; and whole buckets checked."""

import contextlib
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from attrs import evolve, frozen

from farpoint.bucket.bucket import Bucket
from farpoint.bucket.names import KEYS, MANIFESTS, pack_name
from farpoint.codec.compression import BlockDecompressor
from farpoint.errors import IntegrityError, Place, RefusedError
from farpoint.model.disk import DiskState
from farpoint.model.ids import ChunkId, ManifestId, PackId, ScopeId
from farpoint.vault.catalogue import CatalogueLog
from farpoint.vault.chunk_proof import prove_chunk
from farpoint.vault.identity import check_epochs, read_identities
from farpoint.vault.index import ChunkIndex
from farpoint.vault.keyring import Keyring
from farpoint.vault.manifests import Manifests
from farpoint.vault.map_walk import walk_leaves
from farpoint.vault.pack_reader import PackReader
from farpoint.vault.receipts import check_receipts
from farpoint.vault.scope_reader import ScopeReader
from farpoint.vault.tombstones import check_tombstones

#: Damage listed at most; past it the count is enough.
DAMAGE_LISTED_MAX = 100


@frozen(kw_only=True)
class Damage:
    """One range of a disk that cannot be restored."""

    message: str
    place: Place


@frozen(kw_only=True)
class VerifyReport:
    """What a verification read and found."""

    blocks: int
    bytes_verified: int
    #: The first of what is damaged.
    damage: tuple[Damage, ...]
    #: The first of what is damaged beside it, in the same packs, and is not needed for this disk.
    spare: tuple[Damage, ...] = ()
    #: Object names of all packs that something damaged lies in.
    bad_packs: frozenset[str]


def verify_state(reader: ScopeReader, state: DiskState, *, disk: str, on_bytes: Callable[[int], None]) -> VerifyReport:
    """Read every chunk of *state* and prove its id; list what is damaged instead of stopping at it.

    A damaged map node stops the walk: below it nothing is known. *on_bytes* is told of progress in disk bytes.
    """
    blocks, done, damage, bad_packs = 0, 0, list[Damage](), set[str | None]()
    try:
        for leaf in walk_leaves(reader, state, disk=disk):
            for block, expected in leaf.blocks:
                place = Place(disk=disk, offset_bytes=block * state.block_bytes, length_bytes=state.geometry.length_of(block))
                problem = _verify_chunk(reader, expected, state.block_bytes)
                if problem is not None:
                    bad_packs.add(problem.place.pack)
                    damage.append(Damage(message=problem.message, place=problem.place.within(place)))
                    del damage[DAMAGE_LISTED_MAX:]
                blocks += 1
                done += state.geometry.length_of(block)
            on_bytes(done)
    except IntegrityError as error:
        bad_packs.add(error.place.pack)
        damage.append(Damage(message=error.message, place=error.place.within(Place(disk=disk))))
    named = frozenset(pack for pack in bad_packs if pack is not None)
    return VerifyReport(blocks=blocks, bytes_verified=done, damage=tuple(damage), bad_packs=named)


def verify_packs(index: ChunkIndex, packs: PackReader, ids: Collection[PackId], *, disk: str) -> Iterator[Damage]:
    """Check each pack whole: what no chunk or node shows (directory, trailer, hashes) must be sound too."""
    records = index.find_packs(ids)
    for pack in sorted(ids):
        if pack not in records:
            yield Damage(message="a pack is not in this vault any more", place=Place(disk=disk, pack=pack_name(pack)))
            continue
        for error in packs.find_damage(records[pack]):
            yield Damage(message=error.message, place=error.place.within(Place(disk=disk)))


def judge_packs(report: VerifyReport, unsound: Iterable[Damage], met: Mapping[PackId, int]) -> VerifyReport:
    """Add to *report* what its packs have that is *unsound*; *met* tells which of their frames the disk needs: a bit for each.

    A frame that it does not need is spare: often what it held was stored again elsewhere. But when the reading met damage, nobody knows
    what it would have needed below, and nothing counts as spare.
    """
    needed, spare, bad_packs = list(report.damage), list[Damage](), set(report.bad_packs)
    known = {(damage.place.pack, damage.place.frame) for damage in needed}
    frames = {pack_name(pack): bits for pack, bits in met.items()}
    for damage in unsound:
        pack, frame = damage.place.pack, damage.place.frame
        assert pack is not None
        bad_packs.add(pack)
        is_needed = frame is None or frames[pack] >> frame & 1 == 1 or bool(report.damage)
        if (pack, frame) not in known:
            (needed if is_needed else spare).append(damage)
        del needed[DAMAGE_LISTED_MAX:], spare[DAMAGE_LISTED_MAX:]
    return evolve(report, damage=tuple(needed), spare=tuple(spare), bad_packs=frozenset(bad_packs))


def _verify_chunk(reader: ScopeReader, expected: ChunkId, block_bytes: int) -> IntegrityError | None:
    try:
        (chunk,) = reader.open_chunks([expected])
        prove_chunk(chunk, BlockDecompressor(), block_bytes=block_bytes)
    except IntegrityError as error:
        return error
    return None


@frozen(kw_only=True)
class BucketCheck:
    """Checks every object of a bucket, of every kind, with all keys at hand. Raises IntegrityError at the first damage."""

    bucket: Bucket
    index: ChunkIndex
    keyring: Keyring
    packs: PackReader
    manifests: Manifests
    catalogue: CatalogueLog

    def run(self) -> None:
        """Check identities, epochs, wrapped keys, packs, manifests, tombstones, receipts and the catalogue log."""
        public = read_identities(self.bucket)[-1].signing_key
        check_epochs(self.bucket, public)
        self._check_keys()
        for record in self.index.packs():
            self.packs.check_pack(record)
        self._check_manifests()
        check_tombstones(self.bucket, public)
        check_receipts(self.bucket, public)
        for _entry in self.catalogue.entries():
            # Reading an entry proves it, and that it follows the one before.
            pass

    def _check_keys(self) -> None:
        for info in self.bucket.list(KEYS):
            with _naming(info.name):
                _, scope, generation, _ = info.name.split("/")
                try:
                    self.keyring.check_stored(info.name, ScopeId(uuid.UUID(scope)), int(generation))
                except RefusedError as error:
                    # A bucket check has the platform's keys at hand: a version it cannot name is damage.
                    raise IntegrityError(error.message) from error

    def _check_manifests(self) -> None:
        for info in self.bucket.list(MANIFESTS):
            with _naming(info.name):
                self.manifests.read(ManifestId(uuid.UUID(info.name.removeprefix(MANIFESTS))))


@contextlib.contextmanager
def _naming(name: str) -> Iterator[None]:
    """Let what goes wrong inside name the object; a name that is none of ours is damage too."""
    try:
        yield
    except IntegrityError as error:
        raise error.within(Place(pack=name)) from error
    except ValueError as error:
        message = f"{name} does not belong in a bucket"
        raise IntegrityError(message, place=Place(pack=name)) from error
