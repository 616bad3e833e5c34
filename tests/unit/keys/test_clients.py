"""Client secrets: kept as scrypt hashes, checked in constant shape."""

import base64
import hashlib

import pytest

from farpoint.errors import Code, RefusedError
from farpoint.keys.clients import ClientSecrets, hash_secret
from farpoint.testing.ambient import SeededEntropy

CLIENT = "2F4A7C3E-0000-4000-8000-00000000000C"
SECRET = "correct horse"


def secrets(secret: str = SECRET) -> ClientSecrets:
    return ClientSecrets({CLIENT: hash_secret(secret, SeededEntropy(1))})


def test_the_right_secret_is_accepted_and_others_are_not() -> None:
    known = secrets()
    assert known.check(CLIENT, "correct horse")
    assert not [wrong for wrong in ("", "correct hors", "correct horse ", "Correct horse") if known.check(CLIENT, wrong)]


def test_client_ids_are_not_case_sensitive() -> None:
    assert secrets().check(CLIENT.lower(), "correct horse")
    assert secrets().knows(CLIENT.lower())


def test_an_unknown_client_is_refused_whatever_it_says() -> None:
    assert not secrets().knows("nobody")
    assert not [secret for secret in ("", "correct horse") if secrets().check("nobody", secret)]


def test_a_secret_may_hold_any_letters() -> None:
    assert secrets("pässwörd ✓").check(CLIENT, "pässwörd ✓")


def test_a_hash_is_scrypt_with_a_salt_of_its_own() -> None:
    entropy = SeededEntropy(1)
    first, second = hash_secret("x", entropy), hash_secret("x", entropy)
    assert first != second
    label, salt, digest = first.split("$")
    expected = hashlib.scrypt(b"x", salt=base64.b64decode(salt), n=16384, r=8, p=1, dklen=32)
    assert (label, base64.b64decode(digest)) == ("scrypt", expected)


@pytest.mark.parametrize("text", ["", "plain", "scrypt$AAAA", "bcrypt$AAAA$AAAA", "scrypt$?$AAAA", "scrypt$AAAA$AAA", "scrypt$A$B$C"])
def test_a_malformed_hash_is_refused_at_once_without_being_shown(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        ClientSecrets({CLIENT: text})
    assert caught.value.code is Code.CONFIGURATION
    assert CLIENT in caught.value.message
    assert not text or text not in str(caught.value)
