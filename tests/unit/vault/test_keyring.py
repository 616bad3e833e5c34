"""A scope's keys: made once, found again, and useless under another name."""

import contextlib
from pathlib import Path

import pytest

from farpoint.bucket.names import wrapped_keys_name
from farpoint.errors import Code, IntegrityError, RefusedError
from farpoint.keys.key_file import KEY_BYTES, FileKeyProvider
from farpoint.model.ids import ScopeId
from farpoint.testing.small_vault import SmallVault
from farpoint.vault.keyring import Keyring


@pytest.fixture
def vault() -> SmallVault:
    return SmallVault("eastus", seed=1)


def test_a_new_scope_s_keys_are_made_once_and_found_again(vault: SmallVault) -> None:
    scope = ScopeId(vault.entropy.guid())
    vault.vault.keyring.create_first(scope)
    made = vault.vault.keyring.current(scope)
    stored = vault.memory.objects[wrapped_keys_name(scope, generation=1, kek_version=1)]
    vault.reopen().keyring.create_first(scope)
    assert vault.memory.objects[wrapped_keys_name(scope, generation=1, kek_version=1)] == stored
    assert vault.vault.keyring.current(scope) == made
    assert vault.vault.keyring.generation(scope, 1) == made
    assert made.data_key != made.structure_key


def test_keys_that_are_missing_are_never_made_anew(vault: SmallVault) -> None:
    del vault.memory.objects[wrapped_keys_name(vault.scope, generation=1, kek_version=1)]
    with pytest.raises(RefusedError) as caught:
        vault.reopen().keyring.current(vault.scope)
    assert caught.value.code is Code.KEY_UNAVAILABLE
    assert not [name for name in vault.memory.objects if name.startswith("keys/")]


def test_a_generation_that_is_not_there_is_unavailable(vault: SmallVault) -> None:
    with pytest.raises(RefusedError) as caught:
        vault.vault.keyring.generation(vault.scope, 2)
    assert caught.value.code is Code.KEY_UNAVAILABLE


def test_keys_of_another_scope_or_generation_are_refused_and_named(vault: SmallVault) -> None:
    other = ScopeId(vault.entropy.guid())
    stored = vault.memory.objects[wrapped_keys_name(vault.scope, generation=1, kek_version=1)]
    for scope, generation in ((other, 1), (vault.scope, 2)):
        name = wrapped_keys_name(scope, generation=generation, kek_version=1)
        vault.memory.objects[name] = stored
        with pytest.raises(IntegrityError, match="something else") as caught:
            vault.reopen().keyring.generation(scope, generation)
        assert caught.value.place.pack == name


def test_keys_are_not_shown(vault: SmallVault) -> None:
    keys = vault.vault.keyring.current(vault.scope)
    assert keys.data_key.hex() not in repr(keys)
    assert repr(keys.data_key) not in repr(keys)
    assert repr(keys.structure_key) not in repr(keys)


def with_versions(vault: SmallVault, *versions: int) -> Keyring:
    """Open the keyring with these versions of the KEK; the first is the vault's own."""
    keys = {version: vault.kek if version == 1 else bytes([version]) * KEY_BYTES for version in versions}
    return Keyring(vault.bucket, FileKeyProvider(Path("kek.json"), keys, vault.entropy), vault.entropy)


def key_objects(vault: SmallVault) -> list[str]:
    return sorted(name for name in vault.memory.objects if name.startswith("keys/"))


def test_rotation_wraps_keys_anew_and_touches_nothing_else(vault: SmallVault) -> None:
    state = vault.capture(bytes(range(256)) * 4096).state
    keys, before = vault.vault.keyring.current(vault.scope), dict(vault.memory.objects)
    assert with_versions(vault, 1, 2).rewrap() == 1
    assert key_objects(vault) == [wrapped_keys_name(vault.scope, generation=1, kek_version=2)]
    written = {name: data for name, data in vault.memory.objects.items() if before.get(name) != data}
    assert sum(map(len, written.values())) < 1024
    # The old version is needed no more, and opens nothing that is there.
    assert with_versions(vault, 2).current(vault.scope) == keys
    with pytest.raises((RefusedError, IntegrityError)):
        with_versions(vault, 1).current(vault.scope)
    assert vault.restore(state) == bytes(range(256)) * 4096


def test_what_is_under_the_current_version_is_left_alone(vault: SmallVault) -> None:
    before = dict(vault.memory.objects)
    assert with_versions(vault, 1).rewrap() == 0
    assert vault.memory.objects == before


def test_keys_under_a_version_that_is_lost_are_left_as_they_are(vault: SmallVault) -> None:
    before = dict(vault.memory.objects)
    with pytest.raises((RefusedError, IntegrityError)):
        with_versions(vault, 2).rewrap()
    assert vault.memory.objects == before


@pytest.mark.parametrize("calls", range(1, 9))
def test_a_crash_while_keys_are_wrapped_anew_leaves_keys_that_open(vault: SmallVault, calls: int) -> None:
    other = ScopeId(vault.entropy.guid())
    vault.vault.keyring.create_first(other)
    keys = {scope: vault.vault.keyring.current(scope) for scope in (vault.scope, other)}
    left = calls

    def die_later(_verb: str, _name: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    vault.memory.before = die_later
    with contextlib.suppress(KeyboardInterrupt):
        with_versions(vault, 1, 2).rewrap()
    vault.memory.before = lambda _verb, _name: None
    again = with_versions(vault, 1, 2)
    assert {scope: again.current(scope) for scope in keys} == keys
    again.rewrap()
    assert key_objects(vault) == sorted(wrapped_keys_name(scope, generation=1, kek_version=2) for scope in keys)
    assert {scope: with_versions(vault, 2).current(scope) for scope in keys} == keys
