"""The layout of a bucket: every name we make is one that every bucket takes."""

import uuid

import pytest

from farpoint.bucket import names
from farpoint.errors import Code, RefusedError
from farpoint.model.ids import ManifestId, PackId, ScopeId

GUID = uuid.UUID("9D8402E2-FF7B-4674-9AC7-52E6C39536E7")
TEXT = "9d8402e2-ff7b-4674-9ac7-52e6c39536e7"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (names.pack_name(PackId(bytes(range(0xA0, 0xB8)))), "packs/a0/a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7"),
        (names.manifest_name(ManifestId(GUID)), f"manifests/{TEXT}"),
        (names.tombstone_name(ManifestId(GUID)), f"tombstones/{TEXT}"),
        (names.receipt_name(ManifestId(GUID)), f"receipts/{TEXT}"),
        (names.wrapped_keys_name(ScopeId(GUID), generation=2, kek_version=13), f"keys/{TEXT}/2/13"),
        (names.identity_name(1), "identity/1"),
        (names.epoch_name(12), "epochs/12"),
    ],
)
def test_every_kind_of_object_has_its_place(made: str, expected: str) -> None:
    assert made == expected
    assert names.check_name(made) == made


def test_a_name_of_200_letters_is_the_longest() -> None:
    assert names.check_name("a" * 200)
    with pytest.raises(RefusedError) as caught:
        names.check_name("a" * 201)
    assert caught.value.code is Code.INVALID_PARAMETER
