"""Progress as people see it: lines, bars, rates and times left."""

import io
import json
import logging
from pathlib import Path

import pytest

from farpoint.cli.bars import BarProgress
from farpoint.cli.console import Console, Grid
from farpoint.cli.json_log import JsonLineFormatter
from farpoint.cli.naming import disk_names, parse_point_name, source_disk
from farpoint.cli.progress import PlainProgress
from farpoint.cli.rates import Pace, Rates, shown_seconds
from farpoint.cli.work import DiskWork, End, Work, joined
from farpoint.clock import SystemClock

MIB = 1 << 20


class SteppedClock(SystemClock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at


class Terminal(io.StringIO):
    """What looks like a terminal."""

    def isatty(self) -> bool:
        return True


def disk(done: int, total: int | None = 10 * MIB, name: str = "os") -> DiskWork:
    return DiskWork(name=name, total_bytes=total, done_bytes=done)


def test_lines_come_when_a_disk_has_moved_and_never_too_often() -> None:
    out, clock = io.StringIO(), SteppedClock()
    view = PlainProgress("rp1", out=out, clock=clock)
    for done in (0, 1, 2, 3, 10):
        view.show(Work(disks=(disk(done * MIB),)))
        clock.at += 1.0
    assert out.getvalue().splitlines() == [
        "rp1: os: 0 B of 10.0 MiB (0.0 %)",
        "rp1: os: 2.0 MiB of 10.0 MiB (20.0 %), 1.0 MiB/s, 8 s left",
        "rp1: os: 10.0 MiB of 10.0 MiB (100.0 %), 2.5 MiB/s, 0 s left",
    ]


def test_the_step_is_named_once_all_bytes_are_done() -> None:
    out = io.StringIO()
    view = PlainProgress("rp1", out=out, clock=SteppedClock())
    for step, done in (("transfer", 5), ("verify", 10), ("verify", 10), ("publish", 10)):
        view.show(Work(step=step, disks=(disk(done * MIB),)))
    assert [line for line in out.getvalue().splitlines() if "os:" not in line] == ["rp1: verify", "rp1: publish"]


def test_a_terminal_names_the_step_once_all_bytes_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    drawn = Terminal()
    bars = BarProgress("rp1", out=drawn, clock=SteppedClock())
    bars.show(Work(step="verify", disks=(disk(10 * MIB),)))
    bars.close()
    assert "rp1: verify" in drawn.getvalue()


def test_a_complete_disk_has_no_rate() -> None:
    rates = Rates()
    rates.add(disk(0), 0.0)
    rates.add(disk(10 * MIB), 1.0)
    assert rates.add(disk(10 * MIB), 3.0) == Pace()


def test_what_breaks_a_line_is_escaped_in_a_table() -> None:
    out = io.StringIO()
    Console(as_json=False, clock=SteppedClock(), out=out).print_grid(Grid(titles=("PATH",), rows=[("/pool/a\nb\udcff.raw",)]))
    assert out.getvalue() == "PATH\n/pool/a\\nb\\udcff.raw\n"


def test_waiting_is_said_once_and_so_is_its_end() -> None:
    out = io.StringIO()
    view = PlainProgress("rp1", out=out, clock=SteppedClock())
    for waiting in ("", "peer eastus does not answer", "peer eastus does not answer", ""):
        view.show(Work(waiting=waiting))
    assert out.getvalue().splitlines() == ["rp1: waiting: peer eastus does not answer", "rp1: goes on"]


def test_nothing_is_said_of_a_disk_whose_total_is_not_known() -> None:
    out = io.StringIO()
    PlainProgress("rp1", out=out, clock=SteppedClock()).show(Work(disks=(disk(5, total=None),)))
    assert out.getvalue() == ""


def test_a_terminal_gets_a_bar_for_each_disk() -> None:
    out = io.StringIO()
    view = BarProgress("rp1", out=out, clock=SteppedClock())
    view.show(Work(step="plan"))
    view.show(Work(disks=(disk(5 * MIB), disk(0, total=0, name="data"))))
    view.close()
    assert "rp1 os" in out.getvalue()
    assert "5.0 MiB of 10.0 MiB (50.0 %)" in out.getvalue()
    assert "0 B of 0 B (100.0 %)" in out.getvalue()


def test_a_rate_looks_back_a_few_seconds_only() -> None:
    rates = Rates()
    for second in range(20):
        rates.add(disk(0), float(second))
    paces = [rates.add(disk((second - 19) * MIB), float(second)) for second in range(20, 27)]
    pace = paces[-1]
    assert pace.bytes_per_second == pytest.approx(MIB)
    assert pace.seconds_left == pytest.approx(3.0)


@pytest.mark.parametrize(("seconds", "shown"), [(None, ""), (0.2, "0 s"), (59.4, "59 s"), (61, "1:01"), (3725, "1:02:05")])
def test_times_left_read_as_clocks_do(seconds: float | None, shown: str) -> None:
    assert shown_seconds(seconds) == shown


def test_work_that_was_joined_ends_when_all_parts_have_and_fails_when_one_did() -> None:
    done, failed = Work(end=End.SUCCEEDED, stored_bytes=1), Work(end=End.FAILED, error={"code": "X"}, stored_bytes=2)
    assert joined({"a": done, "b": Work()}).end is End.RUNNING
    assert (joined({"a": done, "b": failed}).end, joined({"a": done, "b": failed}).error) == (End.FAILED, {"code": "X"})
    assert (joined({"a": done, "b": done}).end, joined({"a": done, "b": failed}).stored_bytes) == (End.SUCCEEDED, 3)


def test_columns_of_a_plain_table_line_up() -> None:
    out = io.StringIO()
    Console(as_json=False, clock=SystemClock(), out=out).print_grid(Grid(titles=("NAME", "B"), rows=[("a", "1"), ("longer", "2")]))
    assert out.getvalue() == "NAME    B\na       1\nlonger  2\n"


def test_a_table_on_a_terminal_keeps_brackets_in_names() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    Console(as_json=False, clock=SystemClock(), out=out).print_grid(Grid(titles=("NAME",), rows=[("web[red]01",)]))
    assert "web[red]01" in out.getvalue()


def test_names_of_disks_follow_their_files() -> None:
    assert disk_names(Path("/a/os.raw"), vm="web01")[:3] == ("os", "web01-os", "web01-os-2")
    assert disk_names(Path("/a/my disk (1).raw"), vm="web01")[0] == "my-disk-1"
    assert disk_names(Path("/a/ü.raw"), vm="web01")[0] == "web01"
    assert source_disk("my_data_0f8fad5b-d9cb-469f-a165-70867728950e") == "my_data"
    assert str(parse_point_name("web01/rp1")) == "web01/rp1"


def test_a_log_line_is_json_with_the_events_fields() -> None:
    record = logging.makeLogRecord({"name": "farpoint.x", "levelname": "INFO", "msg": "copy_published", "operation": "op-1", "bytes": 3})
    line = json.loads(JsonLineFormatter().format(record))
    assert {key: line[key] for key in ("level", "logger", "action", "operation", "bytes")} == {
        "level": "info",
        "logger": "farpoint.x",
        "action": "copy_published",
        "operation": "op-1",
        "bytes": 3,
    }
