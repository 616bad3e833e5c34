"""Pinned peers: keys never change behind an operator's back."""

import pytest
from attrs import evolve

from farpoint.errors import Code, RefusedError
from farpoint.metadata import peers
from farpoint.metadata.connection import Connection
from farpoint.metadata.peers import PeerPin
from farpoint.model.ids import RegionId
from farpoint.testing.example_rows import guid

PIN = PeerPin(region=RegionId(guid(1)), name="EastUS", signing_key=b"s" * 32, token_key=b"t" * 32)


def test_a_pinned_peer_is_found_by_id_and_by_name(conn: Connection) -> None:
    peers.put_pin(conn, PIN)
    assert peers.get_pin(conn, PIN.region) == PIN
    assert peers.pin_by_name(conn, "eastus") == PIN
    assert peers.list_pins(conn) == [PIN]


def test_a_peer_never_met_has_no_pin(conn: Connection) -> None:
    assert peers.get_pin(conn, PIN.region) is None
    assert peers.pin_by_name(conn, "eastus") is None


def test_meeting_the_same_keys_again_changes_nothing(conn: Connection) -> None:
    peers.put_pin(conn, PIN)
    peers.put_pin(conn, evolve(PIN, name="renamed"))
    assert peers.list_pins(conn) == [PIN]


@pytest.mark.parametrize("changed", [evolve(PIN, signing_key=b"x" * 32), evolve(PIN, token_key=b"x" * 32)])
def test_a_changed_key_is_refused_and_the_pin_stays(conn: Connection, changed: PeerPin) -> None:
    peers.put_pin(conn, PIN)
    with pytest.raises(RefusedError) as refusal:
        peers.put_pin(conn, changed)
    assert refusal.value.code is Code.PEER_UNTRUSTED
    assert peers.list_pins(conn) == [PIN]


def test_a_rebuilt_region_keeps_its_name_and_is_another_region(conn: Connection) -> None:
    rebuilt = PeerPin(region=RegionId(guid(2)), name="eastus", signing_key=b"n" * 32, token_key=b"n" * 32)
    peers.put_pin(conn, PIN)
    peers.put_pin(conn, rebuilt)
    assert peers.pin_by_name(conn, "EASTUS") == rebuilt
    assert peers.get_pin(conn, PIN.region) == PIN


def test_a_forgotten_peer_is_pinned_anew(conn: Connection) -> None:
    peers.put_pin(conn, PIN)
    peers.delete_pin(conn, PIN.region)
    changed = evolve(PIN, signing_key=b"x" * 32)
    peers.put_pin(conn, changed)
    assert peers.list_pins(conn) == [changed]
