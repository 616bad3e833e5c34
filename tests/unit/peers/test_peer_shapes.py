"""The parts that bootstrap joins fit each other: mypy is the test, these functions are its questions."""

from farpoint.keys.tokens import TokenIssuer, TokenVerifier
from farpoint.movers.ports import SourceRegion
from farpoint.peers.client import Pins
from farpoint.peers.directory import PeerDirectory
from farpoint.peers.source import AssertionIssuer, PeerSource
from farpoint.services.context import PeerLookup
from farpoint.services.peer_pins import PeerPins
from farpoint.services.serving import AssertionVerifier, ServedVault
from farpoint.vault.vault import Vault


class Mute:
    def assertion(self, client_id: str, *, operation: str, audience_region: str) -> str:
        raise NotImplementedError


def vault_can_be_served(vault: Vault) -> ServedVault:
    return vault


def issuer_speaks_for_users(issuer: TokenIssuer) -> AssertionIssuer:
    return issuer


def verifier_checks_assertions(verifier: TokenVerifier) -> AssertionVerifier:
    return verifier


def directory_is_a_peer_lookup(directory: PeerDirectory) -> PeerLookup:
    return directory


def source_is_a_source_region(source: PeerSource) -> SourceRegion:
    return source


def pins_are_pins(pins: PeerPins) -> Pins:
    return pins


def test_the_directory_lists_the_names_it_was_given() -> None:
    assert PeerDirectory([], Mute()).names() == ()
