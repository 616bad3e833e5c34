"""A command starts in 0.3 s: what is slow to import stays out until it is needed."""

import os
import subprocess
import sys
import time

import pytest

#: The budget is 0.3 s; a shared machine running other tests beside this one gets some slack.
BUDGET_SECONDS = 0.3
SLACK = 3
SLOW = ("rich", "httpx", "sqlalchemy", "fastapi", "pydantic", "dbos", "cryptography", "blake3", "zstandard", "asyncio", "email.mime")


def test_a_command_imports_nothing_slow_before_it_has_something_to_draw() -> None:
    script = (
        f"import sys\nfrom farpoint.cli.main import run\nrun(['point', 'list'])\nprint([name for name in {SLOW!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=_without_regions())
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--version"], ["point", "list"], ["--help"]])
def test_a_command_starts_in_time(arguments: list[str]) -> None:
    fastest = min(_seconds(arguments) for _ in range(5))
    assert fastest < BUDGET_SECONDS * SLACK


def _seconds(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "farpoint", *arguments], check=False, capture_output=True, env=_without_regions())
    return time.perf_counter() - began


def _without_regions() -> dict[str, str]:

    return {name: value for name, value in os.environ.items() if not name.startswith(("FARPOINT_", "AZURE_"))}
