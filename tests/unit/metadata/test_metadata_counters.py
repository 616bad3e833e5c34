"""Counters and settings."""

from farpoint.metadata.connection import Connection
from farpoint.metadata.counters import current_counter, get_setting, next_counter, put_setting


def test_a_counter_starts_at_one_and_never_repeats(conn: Connection) -> None:
    assert current_counter(conn, "hold") == 0
    assert [next_counter(conn, "hold") for _ in range(3)] == [1, 2, 3]
    assert current_counter(conn, "hold") == 3


def test_counters_of_two_names_do_not_meet(conn: Connection) -> None:
    next_counter(conn, "hold")
    assert next_counter(conn, "condemn") == 1


def test_a_setting_is_what_was_put_last(conn: Connection) -> None:
    assert get_setting(conn, "epoch") is None
    put_setting(conn, "epoch", "1")
    put_setting(conn, "epoch", "2")
    assert get_setting(conn, "epoch") == "2"
