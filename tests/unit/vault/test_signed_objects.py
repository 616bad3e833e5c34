"""Identities, epochs, tombstones and receipts: signed, in their places, and of one region."""

import base64
import json
import uuid

import pytest

from farpoint.bucket.bucket import ObjectExistsError
from farpoint.bucket.names import epoch_name, identity_name, receipt_name, tombstone_name
from farpoint.errors import Code, IntegrityError, RefusedError
from farpoint.keys.signing import Signer
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.documents import canonical_json
from farpoint.model.ids import ManifestId, NodeId, RegionId
from farpoint.testing.ambient import FakeClock, SeededEntropy
from farpoint.testing.memory_bucket import MemoryBucket
from farpoint.vault.identity import check_epochs, claim_epoch, ensure_identity, read_identities
from farpoint.vault.receipts import ReceiptDisk, check_receipt, check_receipts, keep_receipt, make_receipt
from farpoint.vault.signed_document import read_document, sign_document
from farpoint.vault.tombstones import check_tombstones, write_tombstone

ENTROPY = SeededEntropy(7)
REGION = RegionId(ENTROPY.guid())
SIGNER, OTHER = Signer.from_seed(b"s" * 32), Signer.from_seed(b"o" * 32)
MANIFEST = ManifestId(ENTROPY.guid())
LABEL = b"farpoint/test/1"
STATE = DiskState(geometry=Geometry(size_bytes=1 << 20, block_bytes=1 << 16), root=NodeId(b"r" * 32))


@pytest.fixture
def bucket() -> MemoryBucket:
    return MemoryBucket()


def resigned(data: bytes, *, label: bytes, signer: Signer = SIGNER, **changes: object) -> bytes:
    """Change fields of a signed document and sign it anew, as its author could."""
    fields = {**json.loads(data), **changes}
    del fields["signature"]
    return sign_document(fields, label=label, signer=signer)


def test_a_signed_document_gives_its_fields_back() -> None:
    data = sign_document({"format": "x", "number": 1}, label=LABEL, signer=SIGNER)
    document = read_document(data, keys=frozenset({"format", "number"}))
    assert document.prove(label=LABEL, public=SIGNER.public) == {"format": "x", "number": 1}


@pytest.mark.parametrize(("label", "public"), [(b"farpoint/other/1", SIGNER.public), (LABEL, OTHER.public)])
def test_a_document_of_another_kind_or_author_is_refused(label: bytes, public: bytes) -> None:
    document = read_document(sign_document({"a": 1}, label=LABEL, signer=SIGNER), keys=frozenset({"a"}))
    with pytest.raises(IntegrityError, match="signature does not match"):
        document.prove(label=label, public=public)


@pytest.mark.parametrize("keys", [frozenset[str](), frozenset({"a", "b"}), frozenset({"b"})])
def test_a_document_with_other_fields_is_refused(keys: frozenset[str]) -> None:
    with pytest.raises(IntegrityError, match="should have the fields"):
        read_document(sign_document({"a": 1}, label=LABEL, signer=SIGNER), keys=keys)


def test_one_signature_has_one_spelling() -> None:
    data = sign_document({"a": 1}, label=LABEL, signer=SIGNER)
    signature = json.loads(data)["signature"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    # The last letter before the padding has four spare bits: 15 other spellings of the same bytes.
    first = letters.index(signature[-3]) & ~15
    spellings = [signature[:-3] + letters[first + spare] + "==" for spare in range(16)]
    assert {base64.b64decode(text) for text in spellings} == {base64.b64decode(signature)}
    refused = 0
    for text in spellings:
        try:
            read_document(canonical_json({"a": 1, "signature": text}), keys=frozenset({"a"}))
        except IntegrityError:
            refused += 1
    assert refused == 15


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"a":1}', b'{"a": 1,"signature":""}', b"\xff", b"[" * 100_000])
def test_what_is_no_signed_document_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_document(data, keys=frozenset({"a"})).prove(label=LABEL, public=SIGNER.public)


def test_an_empty_bucket_becomes_the_region_s_and_stays_it(bucket: MemoryBucket) -> None:
    made = ensure_identity(bucket, region=REGION, name="eastus", signer=SIGNER)
    again = ensure_identity(bucket, region=REGION, name="eastus", signer=SIGNER)
    assert made == again
    assert read_identities(bucket) == [made]


@pytest.mark.parametrize(
    ("region", "signer", "says"),
    [(RegionId(uuid.UUID(int=1)), SIGNER, "belongs to region eastus"), (REGION, OTHER, "signed with another key")],
    ids=["region", "key"],
)
def test_a_bucket_of_another_region_or_key_is_refused(bucket: MemoryBucket, region: RegionId, signer: Signer, says: str) -> None:
    ensure_identity(bucket, region=REGION, name="eastus", signer=SIGNER)
    with pytest.raises(RefusedError, match=says) as caught:
        ensure_identity(bucket, region=region, name="westus", signer=signer)
    assert caught.value.code is Code.CONFIGURATION


def test_a_bucket_without_identity_is_damaged(bucket: MemoryBucket) -> None:
    with pytest.raises(IntegrityError, match="lost its identity"):
        read_identities(bucket)


def test_later_identities_are_signed_by_the_one_before(bucket: MemoryBucket) -> None:
    ensure_identity(bucket, region=REGION, name="eastus", signer=SIGNER)
    first, label = bucket.objects[identity_name(1)], b"farpoint/identity/1"
    signer = SIGNER
    for number in range(2, 13):
        following = Signer.from_seed(bytes([number]) * 32)
        key = base64.b64encode(following.public).decode()
        bucket.put(identity_name(number), [resigned(first, label=label, signer=signer, number=number, signingKey=key)])
        signer = following
    # Twelve: number 10 must not come before number 2.
    assert [identity.number for identity in read_identities(bucket)] == list(range(1, 13))
    bucket.objects[identity_name(3)] = resigned(first, label=label, signer=OTHER, number=3)
    with pytest.raises(IntegrityError) as caught:
        read_identities(bucket)
    assert caught.value.place.pack == identity_name(3)


@pytest.mark.parametrize("name", ["identity/x", "identity/1-1", "identity/1/2"])
def test_what_does_not_belong_among_identities_is_named(bucket: MemoryBucket, name: str) -> None:
    ensure_identity(bucket, region=REGION, name="eastus", signer=SIGNER)
    bucket.put(name, [b"{}"])
    with pytest.raises(IntegrityError) as caught:
        read_identities(bucket)
    assert caught.value.place.pack == name


def test_each_database_claims_an_epoch_of_its_own(bucket: MemoryBucket) -> None:
    epochs = [claim_epoch(bucket, claimant=ENTROPY.guid(), signer=SIGNER) for _ in range(11)]
    assert epochs == list(range(1, 12))
    check_epochs(bucket, SIGNER.public)


def test_two_databases_made_at_once_do_not_share_an_epoch(bucket: MemoryBucket) -> None:
    def other_first(verb: str, name: str) -> None:
        if verb == "put":
            bucket.before = lambda _verb, _name: None
            claim_epoch(bucket, claimant=uuid.UUID(int=1), signer=SIGNER)

    bucket.before = other_first
    with pytest.raises(ObjectExistsError):
        claim_epoch(bucket, claimant=uuid.UUID(int=2), signer=SIGNER)


def test_an_epoch_that_is_missing_altered_or_elsewhere_is_named(bucket: MemoryBucket) -> None:
    for _ in range(3):
        claim_epoch(bucket, claimant=ENTROPY.guid(), signer=SIGNER)
    sound = dict(bucket.objects)
    bucket.objects[epoch_name(2)] = sound[epoch_name(1)]
    assert named_by_epochs(bucket) == epoch_name(2)
    bucket.objects[epoch_name(2)] = sound[epoch_name(2)].replace(b'"number":2', b'"number":9')
    assert named_by_epochs(bucket) == epoch_name(2)
    del bucket.objects[epoch_name(2)]
    assert named_by_epochs(bucket) == epoch_name(3)


def named_by_epochs(bucket: MemoryBucket) -> str | None:
    with pytest.raises(IntegrityError) as caught:
        check_epochs(bucket, SIGNER.public)
    return caught.value.place.pack


def test_a_tombstone_is_written_once_and_says_whose_it_is(bucket: MemoryBucket) -> None:
    for point in ("/restorePoints/rp1", "/restorePoints/other"):
        write_tombstone(bucket, MANIFEST, point_id=point, signer=SIGNER)
    check_tombstones(bucket, SIGNER.public)
    assert json.loads(bucket.objects[tombstone_name(MANIFEST)])["pointId"] == "/restorePoints/rp1"


def test_a_tombstone_under_another_name_is_named(bucket: MemoryBucket) -> None:
    write_tombstone(bucket, MANIFEST, point_id="rp1", signer=SIGNER)
    other = tombstone_name(ManifestId(uuid.UUID(int=1)))
    bucket.objects[other] = bucket.objects[tombstone_name(MANIFEST)]
    with pytest.raises(IntegrityError, match="not what its name says") as caught:
        check_tombstones(bucket, SIGNER.public)
    assert caught.value.place.pack == other


def receipt() -> bytes:
    now = FakeClock().now()
    disk = ReceiptDisk(name="os", state=STATE, bytes_verified_now=5, oldest_check=now)
    return make_receipt(
        region=REGION, manifest=MANIFEST, source_manifest=ManifestId(uuid.UUID(int=1)), disks=[disk], now=now, signer=SIGNER
    )


def test_a_receipt_says_what_was_proven() -> None:
    fields = check_receipt(receipt(), SIGNER.public)
    assert fields["disks"] == [{"name": "os", "digest": STATE.digest, "bytesVerifiedNow": 5, "oldestCheck": "2026-11-01T00:00:00+00:00"}]
    assert (fields["manifest"], fields["region"]) == (str(MANIFEST), str(REGION))


def test_the_first_receipt_of_a_copy_stays(bucket: MemoryBucket) -> None:
    first = keep_receipt(bucket, MANIFEST, receipt())
    assert keep_receipt(bucket, MANIFEST, b"another") == first
    check_receipts(bucket, SIGNER.public)


def test_a_receipt_of_another_region_copy_or_format_is_refused(bucket: MemoryBucket) -> None:
    with pytest.raises(IntegrityError):
        check_receipt(receipt(), OTHER.public)
    with pytest.raises(IntegrityError, match="unknown format"):
        check_receipt(resigned(receipt(), label=b"farpoint/receipt/1", format="farpoint-receipt/2"), SIGNER.public)
    other = ManifestId(uuid.UUID(int=1))
    keep_receipt(bucket, other, receipt())
    with pytest.raises(IntegrityError, match="another copy's name") as caught:
        check_receipts(bucket, SIGNER.public)
    assert caught.value.place.pack == receipt_name(other)
