"""Holds: one per peer's operation, a token that is never used again, a life counted in ticks."""

from sqlalchemy import update

from farpoint.metadata import holds, tables
from farpoint.metadata.connection import Connection
from farpoint.metadata.holds import HOLD_TICK_SECONDS, HOLD_TICKS_MAX, Hold
from farpoint.model.ids import ManifestId, OperationId, RegionId
from farpoint.testing.example_rows import guid

MANIFEST = ManifestId(guid(1))
OTHER_MANIFEST = ManifestId(guid(2))
PEER = RegionId(guid(3))


def hold_for(conn: Connection, number: int, *, manifest: ManifestId = MANIFEST, epoch: int = 1) -> Hold:
    return holds.create_or_get_hold(
        conn, manifest=manifest, point_id="/subscriptions/s/point", peer=PEER, operation=OperationId(guid(number)), epoch=epoch
    )


def test_a_hold_names_what_it_keeps_and_for_whom(conn: Connection) -> None:
    hold = hold_for(conn, 10)
    expected = Hold(
        token="1-1",
        manifest=MANIFEST,
        point_id="/subscriptions/s/point",
        peer=PEER,
        operation=OperationId(guid(10)),
        ticks_left=HOLD_TICKS_MAX,
    )
    assert hold == expected
    assert holds.get_hold(conn, "1-1") == expected
    assert holds.find_hold_of(conn, peer=PEER, operation=OperationId(guid(10))) == expected


def test_asking_again_for_one_operation_gives_the_same_hold_whatever_the_point_is_now(conn: Connection) -> None:
    first = hold_for(conn, 10)
    assert hold_for(conn, 10, manifest=OTHER_MANIFEST) == first
    assert holds.list_holds(conn) == [first]


def test_one_operation_id_of_two_peers_makes_two_holds(conn: Connection) -> None:
    first = hold_for(conn, 10)
    other = holds.create_or_get_hold(
        conn, manifest=MANIFEST, point_id="p", peer=RegionId(guid(4)), operation=OperationId(guid(10)), epoch=1
    )
    assert first.token != other.token


def test_a_token_is_never_used_again_not_even_in_another_epoch(conn: Connection) -> None:
    first = hold_for(conn, 10)
    holds.release_hold(conn, first.token, None)
    again = hold_for(conn, 10)
    holds.release_hold(conn, again.token, None)
    later = hold_for(conn, 10, epoch=2)
    assert [first.token, again.token, later.token] == ["1-1", "1-2", "2-3"]


def test_a_released_hold_is_gone_and_its_receipt_stays(conn: Connection) -> None:
    hold = hold_for(conn, 10)
    holds.release_hold(conn, hold.token, b"receipt")
    assert holds.get_hold(conn, hold.token) is None
    assert holds.list_receipts(conn, MANIFEST) == [b"receipt"]
    assert holds.list_receipts(conn, OTHER_MANIFEST) == []


def test_releasing_again_changes_nothing(conn: Connection) -> None:
    hold = hold_for(conn, 10)
    holds.release_hold(conn, hold.token, b"receipt")
    holds.release_hold(conn, hold.token, b"another")
    holds.release_hold(conn, "1-999", None)
    assert holds.list_receipts(conn, MANIFEST) == [b"receipt"]


def test_a_tick_ages_every_hold_and_a_renewal_makes_it_young_again(conn: Connection) -> None:
    renewed, aging = hold_for(conn, 10), hold_for(conn, 11)
    assert holds.tick_holds(conn) == 0
    holds.renew_hold(conn, renewed.token)
    left = {hold.token: (hold.ticks_left, hold.is_fresh) for hold in holds.list_holds(conn)}
    assert left == {renewed.token: (HOLD_TICKS_MAX, True), aging.token: (HOLD_TICKS_MAX - 1, False)}


def test_asking_again_renews(conn: Connection) -> None:
    hold_for(conn, 10)
    holds.tick_holds(conn)
    assert hold_for(conn, 10).is_fresh


def test_a_hold_dies_with_its_last_tick_and_not_before(conn: Connection) -> None:
    hold = hold_for(conn, 10)
    conn.execute(update(tables.holds).values(ticks_left=2))
    survivor = hold_for(conn, 11)
    assert [holds.tick_holds(conn), holds.tick_holds(conn)] == [0, 1]
    assert holds.get_hold(conn, hold.token) is None
    assert [one.token for one in holds.list_holds(conn)] == [survivor.token]


def test_a_hold_outlives_a_target_that_is_away_for_fourteen_days() -> None:
    assert HOLD_TICKS_MAX * HOLD_TICK_SECONDS == 14 * 24 * 60 * 60


def test_a_dead_hold_is_not_renewed(conn: Connection) -> None:
    holds.renew_hold(conn, "1-1")
    assert holds.list_holds(conn) == []


def test_ticking_without_holds_drops_none(conn: Connection) -> None:
    assert holds.tick_holds(conn) == 0
