"""Receipts: the target region's signed statement that a copied point was complete here. History, not a promise about later."""

import datetime as dt
from collections.abc import Sequence

from attrs import frozen

from farpoint.bucket.bucket import Bucket, ObjectExistsError
from farpoint.bucket.names import RECEIPTS, receipt_name
from farpoint.errors import IntegrityError, Place
from farpoint.keys.signing import Signer
from farpoint.model.disk import DiskState
from farpoint.model.documents import JsonObject
from farpoint.model.ids import ManifestId, RegionId
from farpoint.vault.signed_document import read_document, sign_document

_FORMAT = "farpoint-receipt/1"
_LABEL = b"farpoint/receipt/1"
_KEYS = frozenset({"format", "region", "manifest", "sourceManifest", "completeAt", "disks"})


@frozen(kw_only=True)
class ReceiptDisk:
    """What was proven about one disk."""

    name: str
    state: DiskState
    #: Bytes of packs read back for this copy.
    bytes_verified_now: int
    #: Oldest check leaned on for what was here already.
    oldest_check: dt.datetime


def make_receipt(
    *, region: RegionId, manifest: ManifestId, source_manifest: ManifestId, disks: Sequence[ReceiptDisk], now: dt.datetime, signer: Signer
) -> bytes:
    """Compose and sign a receipt."""
    fields: JsonObject = {
        "format": _FORMAT,
        "region": str(region),
        "manifest": str(manifest),
        "sourceManifest": str(source_manifest),
        "completeAt": now.isoformat(),
        "disks": [
            {
                "name": disk.name,
                "digest": disk.state.digest,
                "bytesVerifiedNow": disk.bytes_verified_now,
                "oldestCheck": disk.oldest_check.isoformat(),
            }
            for disk in disks
        ],
    }
    return sign_document(fields, label=_LABEL, signer=signer)


def keep_receipt(bucket: Bucket, manifest: ManifestId, receipt: bytes) -> bytes:
    """Store the receipt of a copy; return the stored one, which is an earlier attempt's if there is one."""
    try:
        bucket.put(receipt_name(manifest), [receipt])
    except ObjectExistsError:
        return bucket.get(receipt_name(manifest))
    return receipt


def check_receipt(receipt: bytes, public: bytes) -> JsonObject:
    """Prove a receipt and return it. Raises IntegrityError."""
    fields = read_document(receipt, keys=_KEYS).prove(label=_LABEL, public=public)
    if fields["format"] != _FORMAT:
        message = "a receipt is of an unknown format"
        raise IntegrityError(message)
    return fields


def check_receipts(bucket: Bucket, public: bytes) -> None:
    """Prove every receipt this region has signed. Raises IntegrityError naming the object."""
    for info in bucket.list(RECEIPTS):
        try:
            document = check_receipt(bucket.get(info.name), public)
        except IntegrityError as error:
            raise error.within(Place(pack=info.name)) from error
        if info.name != f"{RECEIPTS}{document['manifest']}":
            message = "a receipt is stored under another copy's name"
            raise IntegrityError(message, place=Place(pack=info.name))
