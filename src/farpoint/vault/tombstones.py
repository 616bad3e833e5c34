"""Tombstones: this manifest was deleted, whatever a rebuild finds. Normative: docs/format/bucket.md."""

from farpoint.bucket.bucket import Bucket, ObjectExistsError
from farpoint.bucket.names import TOMBSTONES, tombstone_name
from farpoint.errors import IntegrityError, Place
from farpoint.keys.signing import Signer
from farpoint.model.ids import ManifestId
from farpoint.vault.signed_document import read_document, sign_document

_FORMAT = "farpoint-tombstone/1"
_LABEL = b"farpoint/tombstone/1"
_KEYS = frozenset({"format", "manifest", "pointId"})


def write_tombstone(bucket: Bucket, manifest: ManifestId, *, point_id: str, signer: Signer) -> None:
    """Write the tombstone of a manifest. Idempotent: a manifest is never unburied."""
    fields = {"format": _FORMAT, "manifest": str(manifest), "pointId": point_id}
    try:
        # A crash right here leaves a point that is being deleted; the retried delete goes on.
        bucket.put(tombstone_name(manifest), [sign_document(fields, label=_LABEL, signer=signer)])
    except ObjectExistsError:
        # An earlier attempt of the same delete got this far.
        return


def check_tombstones(bucket: Bucket, public: bytes) -> None:
    """Prove every tombstone. Raises IntegrityError naming the object."""
    for info in bucket.list(TOMBSTONES):
        try:
            fields = read_document(bucket.get(info.name), keys=_KEYS).prove(label=_LABEL, public=public)
        except IntegrityError as error:
            raise error.within(Place(pack=info.name)) from error
        if (fields["format"], info.name) != (_FORMAT, f"{TOMBSTONES}{fields['manifest']}"):
            message = "a tombstone is not what its name says"
            raise IntegrityError(message, place=Place(pack=info.name))
