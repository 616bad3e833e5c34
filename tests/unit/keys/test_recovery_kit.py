"""The recovery kit: opens under its passphrase alone, shows nothing, and any change to it is noticed."""

import base64
import json
from pathlib import Path

import pytest

from farpoint.errors import Code, RefusedError
from farpoint.keys import recovery_kit
from farpoint.keys.recovery_kit import PASSPHRASE_CHARACTERS_MIN, RecoveryKit, open_kit, seal_kit
from farpoint.model.ids import RegionId
from farpoint.testing.ambient import SeededEntropy

PASSPHRASE = "correct horse battery staple"


def make() -> RecoveryKit:
    entropy = SeededEntropy(5)
    return RecoveryKit(region=RegionId(entropy.guid()), name="eastus", key_file=b"key file secret", signing_key=b"signing secret")


KIT = make()


def seal(seed: int = 6) -> bytes:
    return seal_kit(KIT, PASSPHRASE, SeededEntropy(seed))


def test_the_format_is_the_documented_one() -> None:
    golden = Path(__file__).parents[2] / "golden" / "recovery-kit-1.json"
    assert open_kit(golden.read_bytes(), PASSPHRASE) == KIT
    assert golden.read_bytes() == seal()


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return a kit; guessing is cheap here."""
    monkeypatch.setattr(recovery_kit, "_COST", 1 << 10)
    return seal()


def test_a_kit_opens_under_its_passphrase(sealed: bytes) -> None:
    assert open_kit(sealed, PASSPHRASE) == KIT


def test_a_kit_shows_whose_it_is_and_no_secret(sealed: bytes) -> None:
    document = json.loads(sealed)
    assert (document["format"], document["name"], document["region"]) == ("farpoint-recovery-kit/1", "eastus", str(KIT.region))
    assert set(document) == {"format", "region", "name", "salt", "nonce", "sealed"}
    assert b"secret" not in sealed + base64.b64decode(document["sealed"])
    assert "secret" not in repr(KIT)


def test_the_same_kit_is_sealed_otherwise_each_time(sealed: bytes) -> None:
    assert json.loads(seal(7))["sealed"] != json.loads(sealed)["sealed"]


@pytest.mark.parametrize("passphrase", [PASSPHRASE + " ", PASSPHRASE.upper(), "x" * PASSPHRASE_CHARACTERS_MIN])
def test_another_passphrase_opens_nothing(sealed: bytes, passphrase: str) -> None:
    with pytest.raises(RefusedError, match="the passphrase is not the kit's") as caught:
        open_kit(sealed, passphrase)
    assert caught.value.code is Code.KEY_UNAVAILABLE
    assert passphrase not in str(caught.value)


def test_a_short_passphrase_is_refused_without_being_shown() -> None:
    with pytest.raises(RefusedError, match="has 11 characters") as caught:
        seal_kit(KIT, "elevenchars", SeededEntropy(6))
    assert "elevenchars" not in str(caught.value)


@pytest.mark.parametrize("key", ["region", "name", "salt", "nonce", "sealed"])
def test_a_kit_that_was_changed_opens_nothing(sealed: bytes, key: str) -> None:
    document = json.loads(sealed)
    text = document[key]
    # Another letter in the middle: still a GUID, a name, canonical base64.
    middle = len(text) // 2 - 1
    document[key] = text[:middle] + ("a" if text[middle] != "a" else "b") + text[middle + 1 :]
    with pytest.raises(RefusedError) as caught:
        open_kit(json.dumps(document).encode(), PASSPHRASE)
    assert caught.value.code is Code.KEY_UNAVAILABLE


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff", b"-20", b"kit/2"])
def test_what_is_no_kit_is_refused(sealed: bytes, data: bytes) -> None:
    data = {b"-20": sealed[:-20], b"kit/2": sealed.replace(b"kit/1", b"kit/2")}.get(data, data)
    with pytest.raises(RefusedError, match="this is no recovery kit"):
        open_kit(data, PASSPHRASE)
