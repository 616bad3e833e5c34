"""Manifests: the only commit of a point, written once, signed, readable by nobody without the region's keys."""

import uuid

import pytest
from attrs import evolve

from farpoint.bucket.names import manifest_name
from farpoint.errors import Code, FarpointError, IntegrityError, RefusedError
from farpoint.keys.signing import Signer
from farpoint.model.ids import ManifestId
from farpoint.model.manifest import Manifest
from farpoint.testing.small_vault import SmallVault
from farpoint.vault.manifests import check_statement

ABSENT = ManifestId(uuid.UUID(int=1))


@pytest.fixture
def vault() -> SmallVault:
    return SmallVault("eastus", seed=1)


def publish(vault: SmallVault) -> Manifest:
    return vault.publish({"os": vault.capture(b"block" * 512 * 100).state})


def test_what_is_published_is_read_back(vault: SmallVault) -> None:
    manifest = publish(vault)
    assert vault.reopen().manifests.read(manifest.id) == manifest


def test_a_manifest_that_is_not_there_is_refused(vault: SmallVault) -> None:
    with pytest.raises(RefusedError) as caught:
        vault.vault.manifests.read(ABSENT)
    assert caught.value.code is Code.NOT_FOUND


def test_publishing_again_returns_what_the_first_attempt_wrote(vault: SmallVault) -> None:
    first = publish(vault)
    vault.clock.advance(60)
    later = evolve(first, committed_at=vault.clock.now())
    assert vault.vault.manifests.publish(later) == first


def test_a_name_that_another_operation_took_is_a_conflict(vault: SmallVault) -> None:
    first = publish(vault)
    with pytest.raises(FarpointError) as caught:
        vault.vault.manifests.publish(evolve(first, operation="another"))
    assert caught.value.code is Code.CONFLICT


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_torn_manifest_is_replaced(vault: SmallVault, keep: int) -> None:
    manifest = publish(vault)
    name = manifest_name(manifest.id)
    vault.memory.objects[name] = vault.memory.objects[name][:keep]
    assert vault.vault.manifests.publish(manifest) == manifest
    assert vault.reopen().manifests.read(manifest.id) == manifest


def test_two_attempts_never_share_a_key(vault: SmallVault) -> None:
    manifest = publish(vault)
    first = vault.memory.objects.pop(manifest_name(manifest.id))
    vault.vault.manifests.publish(manifest)
    second = vault.memory.objects[manifest_name(manifest.id)]
    assert first[:56] == second[:56]
    assert first[60:92] != second[60:92]


def test_nothing_of_the_body_can_be_read_in_the_bucket(vault: SmallVault) -> None:
    manifest = publish(vault)
    stored = vault.memory.objects[manifest_name(manifest.id)]
    assert not [word for word in (b"farpoint-manifest", b"restorePoints", b"eastus", b"os") if word in stored]


def test_a_manifest_under_another_name_is_refused(vault: SmallVault) -> None:
    manifest = publish(vault)
    vault.memory.objects[manifest_name(ABSENT)] = vault.memory.objects[manifest_name(manifest.id)]
    with pytest.raises(IntegrityError, match="another point or region") as caught:
        vault.vault.manifests.read(ABSENT)
    assert caught.value.place.pack == manifest_name(ABSENT)


def test_a_manifest_that_another_key_signed_is_refused(vault: SmallVault) -> None:
    manifest = publish(vault)
    vault.signer = Signer.from_seed(b"x" * 32)
    with pytest.raises(IntegrityError, match="signature does not match") as caught:
        vault.reopen().manifests.read(manifest.id)
    assert caught.value.place.pack == manifest_name(manifest.id)


def test_a_statement_is_checked_without_any_sealing_key(vault: SmallVault) -> None:
    manifest = publish(vault)
    statement = vault.vault.manifests.statement(manifest.id)
    assert check_statement(statement, vault.signer.public) == manifest
    for lie in (
        evolve(statement, manifest=ABSENT),
        evolve(statement, body=statement.body.replace(b'"os"', b'"ox"')),
        evolve(statement, signature=bytes(64)),
        evolve(statement, signature=b""),
    ):
        with pytest.raises(IntegrityError):
            check_statement(lie, vault.signer.public)


def test_a_copy_keeps_the_source_s_own_statement() -> None:
    east, west = SmallVault("eastus", seed=1), SmallVault("westus", seed=2)
    original = publish(east)
    copied = west.reopen().manifests.read(west.copy(east, original).id)
    assert copied.source_statement is not None
    assert check_statement(copied.source_statement, east.signer.public) == original
    assert [hop.region_name for hop in copied.lineage] == ["eastus", "westus"]
    assert [disk.state for disk in copied.disks] == [disk.state for disk in original.disks]
