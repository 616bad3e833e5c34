"""The catalogue log in the bucket: what a region says of its resources, entry after entry, each naming the one before.

An entry is written once, under the next number of its epoch. A refused create is either our own earlier attempt (the same bytes),
a torn one of ours, which no row relies on and which is replaced, or a second writer's, and then nothing more may be written.
"""

import re
from collections.abc import Iterator, Sequence

from attrs import field, frozen

from farpoint.bucket.bucket import Bucket, ObjectExistsError, ObjectMissingError
from farpoint.bucket.names import CATALOGUE, entry_name
from farpoint.clock import Entropy
from farpoint.codec.catalogue_body import CatalogueCodec
from farpoint.codec.catalogue_format import NO_ENTRY, EntryHeader, decode_entry, decode_entry_header, encode_entry
from farpoint.codec.digest import entry_digest
from farpoint.codec.sealed_object import SALT_BYTES
from farpoint.errors import IntegrityError, Place, RefusedError, SecondWriterError
from farpoint.keys.signing import Signer, check_signature
from farpoint.model.catalogue import ResourceChange
from farpoint.model.ids import RegionId, ScopeId
from farpoint.vault.keyring import Keyring

_NAME = re.compile(rf"{CATALOGUE}([1-9][0-9]*)/([1-9][0-9]*)")
#: A torn entry is replaced this often before somebody else must be making it.
_REPLACEMENTS_MAX = 3


@frozen(kw_only=True)
class Entry:
    """One entry, proven."""

    epoch: int
    seq: int
    #: Digest of the entry before.
    previous: bytes
    digest: bytes
    changes: tuple[ResourceChange, ...]


@frozen(kw_only=True)
class CatalogueLog:
    """The log of one region."""

    bucket: Bucket
    keyring: Keyring
    signer: Signer
    region: RegionId
    #: The platform scope whose structure key seals entries.
    scope: ScopeId
    entropy: Entropy
    _codec: CatalogueCodec = field(factory=CatalogueCodec, init=False)

    def compose(self, changes: Sequence[ResourceChange], *, epoch: int, seq: int, previous: bytes) -> bytes:
        """Return the bytes of a new entry; decoded again and compared, since nothing that cannot be read back may be written."""
        body = self._codec.encode(changes)
        if self._codec.decode(body) != tuple(changes):
            message = f"entry {seq} of the catalogue log does not decode to what was encoded"
            raise IntegrityError(message)
        keys = self.keyring.current(self.scope)
        header = EntryHeader(
            region=self.region, scope=self.scope, key_generation=keys.generation,
            epoch=epoch, seq=seq, previous=previous, salt=self.entropy.token_bytes(SALT_BYTES),
        )  # fmt: skip
        return encode_entry(header, body, self.signer.sign(header.signed_message(body)), keys.structure_key)

    def publish(self, data: bytes, *, epoch: int, seq: int) -> None:
        """Write an entry; the same bytes again change nothing. Raises SecondWriterError when somebody else wrote the name."""
        name = entry_name(epoch, seq)
        for _ in range(_REPLACEMENTS_MAX):
            try:
                # A crash right here leaves the bytes in the database only; the next start puts them.
                self.bucket.put(name, [data])
            except ObjectExistsError:
                if self.digest_of(epoch, seq) == entry_digest(data):
                    return
                if self.has_entry(epoch, seq):
                    raise SecondWriterError(name) from None
                # Torn, or never an entry: no row relies on it. A crash after the deletion leaves what a crash before the put leaves.
                self.bucket.delete(name)
            else:
                return
        raise SecondWriterError(name)

    def read(self, epoch: int, seq: int) -> Entry:
        """Return an entry with its signature proven. Raises IntegrityError, ObjectMissingError, RefusedError(KEY_UNAVAILABLE)."""
        name = entry_name(epoch, seq)
        data = self.bucket.get(name)
        try:
            header = decode_entry_header(data)
            if (header.region, header.epoch, header.seq) != (self.region, epoch, seq):
                message = f"entry {header.seq} of epoch {header.epoch} of region {header.region} is stored as {name}"
                raise IntegrityError(message)
            body, signature = decode_entry(data, self.keyring.generation(header.scope, header.key_generation).structure_key)
            check_signature(self.signer.public, header.signed_message(body), signature)
            changes = self._codec.decode(body)
        except (IntegrityError, RefusedError) as error:
            raise error.within(Place(pack=name)) from error
        return Entry(epoch=epoch, seq=seq, previous=header.previous, digest=entry_digest(data), changes=changes)

    def has_entry(self, epoch: int, seq: int) -> bool:
        """Tell whether an entry is there that somebody with this region's keys wrote whole."""
        try:
            self.read(epoch, seq)
        except (IntegrityError, ObjectMissingError):
            return False
        except RefusedError:
            # Sealed under a key we do not have: whole or not, it is not ours to replace.
            return True
        return True

    def digest_of(self, epoch: int, seq: int) -> bytes | None:
        """Return the digest of whatever bytes are stored as that entry, None when nothing is."""
        try:
            return entry_digest(self.bucket.get(entry_name(epoch, seq)))
        except ObjectMissingError:
            return None

    def entries(self) -> Iterator[Entry]:
        """Read the whole log in order and prove that it is one chain. Raises IntegrityError naming the entry where it breaks."""
        previous = NO_ENTRY
        for epoch, last in sorted(self._lengths().items()):
            for seq in range(1, last + 1):
                try:
                    entry = self.read(epoch, seq)
                except ObjectMissingError as error:
                    raise IntegrityError("an entry of the catalogue log is missing", place=Place(pack=entry_name(epoch, seq))) from error
                if entry.previous != previous:
                    message = "an entry of the catalogue log does not follow the one before it"
                    raise IntegrityError(message, place=Place(pack=entry_name(epoch, seq)))
                previous = entry.digest
                yield entry

    def _lengths(self) -> dict[int, int]:
        """Return the highest number in each epoch."""
        lengths: dict[int, int] = {}
        for info in self.bucket.list(CATALOGUE):
            matched = _NAME.fullmatch(info.name)
            if matched is None:
                message = f"{info.name} does not belong in a bucket"
                raise IntegrityError(message, place=Place(pack=info.name))
            epoch, seq = int(matched[1]), int(matched[2])
            lengths[epoch] = max(seq, lengths.get(epoch, 0))
        return lengths
