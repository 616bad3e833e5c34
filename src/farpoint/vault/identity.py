"""Who this bucket belongs to, and how often a database was made for it. Normative: docs/format/bucket.md.

``identity/<n>`` names region and public signing key, each signed by the one before (the first by itself). ``epochs/<n>`` is
claimed by each database that is created for the bucket; tokens and counters start with it, so none repeats after a rebuild.
"""

import uuid

from attrs import frozen

from farpoint.bucket.bucket import Bucket, ObjectExistsError
from farpoint.bucket.names import EPOCHS, IDENTITY, epoch_name, identity_name
from farpoint.errors import Code, IntegrityError, Place, RefusedError
from farpoint.keys.signing import Signer
from farpoint.model.documents import JsonObject, decode_base64, encode_base64
from farpoint.model.ids import RegionId
from farpoint.vault.signed_document import SignedDocument, read_document, sign_document

_FORMAT = "farpoint-identity/1"
_KEYS = frozenset({"format", "number", "region", "name", "signingKey"})
_LABEL = b"farpoint/identity/1"
_EPOCH_FORMAT = "farpoint-epoch/1"
_EPOCH_KEYS = frozenset({"format", "number", "claimant"})
_EPOCH_LABEL = b"farpoint/epoch/1"


@frozen(kw_only=True)
class Identity:
    """One identity object."""

    number: int
    region: RegionId
    name: str
    signing_key: bytes


def ensure_identity(bucket: Bucket, *, region: RegionId, name: str, signer: Signer) -> Identity:
    """Write the first identity of an empty bucket, or check that the bucket is this region's.

    Raises RefusedError(CONFIGURATION) when the bucket belongs to another region or was signed by another key.
    """
    mine = Identity(number=1, region=region, name=name, signing_key=signer.public)
    try:
        # A crash right here leaves the identity alone in the bucket; the next start reads it back.
        bucket.put(identity_name(1), [sign_document(_fields(mine), label=_LABEL, signer=signer)])
    except ObjectExistsError:
        stored = read_identities(bucket)[-1]
        if (stored.region, stored.signing_key) != (region, signer.public):
            message = f"the bucket belongs to region {stored.name} ({stored.region}), not to {name} ({region})"
            if stored.region == region:
                message = f"the bucket of region {name} was signed with another key than this region has now"
            hint = "Give this region a bucket of its own, or restore its own signing key."
            raise RefusedError(Code.CONFIGURATION, message, hint=hint) from None
        return stored
    return mine


def read_identities(bucket: Bucket) -> list[Identity]:
    """Return the bucket's identities, oldest first, with every signature checked. Raises IntegrityError, also when there is none."""
    found: list[Identity] = []
    for name in _numbered(bucket, IDENTITY):
        try:
            document = read_document(bucket.get(name), keys=_KEYS)
            identity = _decode(document)
            author = found[-1] if found else identity
            document.prove(label=_LABEL, public=author.signing_key)
        except IntegrityError as error:
            raise error.within(Place(pack=name)) from error
        if identity.number != len(found) + 1 or name != identity_name(identity.number):
            message = f"identity {identity.number} is stored as {name}"
            raise IntegrityError(message, place=Place(pack=name))
        found.append(identity)
    if not found:
        message = "the bucket has lost its identity"
        raise IntegrityError(message, place=Place(pack=identity_name(1)))
    return found


def claim_epoch(bucket: Bucket, *, claimant: uuid.UUID, signer: Signer) -> int:
    """Claim the next epoch for a database that was just made."""
    number = newest_epoch(bucket) + 1
    fields: JsonObject = {"format": _EPOCH_FORMAT, "number": number, "claimant": str(claimant)}
    # A refused create means that somebody else made a database for this bucket at this moment: let the error stop us.
    bucket.put(epoch_name(number), [sign_document(fields, label=_EPOCH_LABEL, signer=signer)])
    return number


def newest_epoch(bucket: Bucket) -> int:
    """Return the epoch that was claimed last, 0 before the first."""
    return max((int(name.removeprefix(EPOCHS)) for name in _numbered(bucket, EPOCHS)), default=0)


def check_epochs(bucket: Bucket, public: bytes) -> None:
    """Prove every epoch object, and that none before the last is missing. Raises IntegrityError naming the object."""
    for number, name in enumerate(_numbered(bucket, EPOCHS), start=1):
        try:
            fields = read_document(bucket.get(name), keys=_EPOCH_KEYS).prove(label=_EPOCH_LABEL, public=public)
        except IntegrityError as error:
            raise error.within(Place(pack=name)) from error
        if (fields["format"], fields["number"], name) != (_EPOCH_FORMAT, number, epoch_name(number)):
            message = f"epoch {fields['number']} is stored as {name}, where epoch {number} is due"
            raise IntegrityError(message, place=Place(pack=name))


def _numbered(bucket: Bucket, prefix: str) -> list[str]:
    """Return the names under *prefix* in the order of their numbers."""
    names = [info.name for info in bucket.list(prefix)]
    for name in names:
        if not name.removeprefix(prefix).isdecimal():
            message = f"{name} does not belong in a bucket"
            raise IntegrityError(message, place=Place(pack=name))
    return sorted(names, key=lambda name: int(name.removeprefix(prefix)))


def _fields(identity: Identity) -> JsonObject:
    return {
        "format": _FORMAT,
        "number": identity.number,
        "region": str(identity.region),
        "name": identity.name,
        "signingKey": encode_base64(identity.signing_key),
    }


def _decode(document: SignedDocument) -> Identity:
    fields = document.fields
    try:
        identity = Identity(
            number=int(str(fields["number"])),
            region=RegionId(uuid.UUID(str(fields["region"]))),
            name=str(fields["name"]),
            signing_key=decode_base64(str(fields["signingKey"])),
        )
    except ValueError as error:
        message = "an identity object is malformed"
        raise IntegrityError(message) from error
    if _fields(identity) != fields:
        message = "an identity object has altered fields"
        raise IntegrityError(message)
    return identity
