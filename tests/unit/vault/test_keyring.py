"""A scope's keys: made once, found again, and useless under another name."""

import pytest

from farpoint.bucket.names import wrapped_keys_name
from farpoint.errors import Code, IntegrityError, RefusedError
from farpoint.model.ids import ScopeId
from farpoint.testing.small_vault import SmallVault


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
