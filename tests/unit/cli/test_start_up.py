"""A command starts in 0.3 s: what is slow to import stays out until it is needed. A clock would measure the machine, so modules count."""

import os
import subprocess
import sys

import pytest

SLOW = ("rich", "httpx", "sqlalchemy", "fastapi", "pydantic", "dbos", "cryptography", "blake3", "zstandard", "asyncio", "email.mime")
#: A command imports about 220 modules; with one more library that is worth mentioning it would be over this.
MODULES_MAX = 300
SCRIPT = f"""
import sys
from farpoint.cli.main import run
run(sys.argv[1:])
print([name for name in {SLOW!r} if name in sys.modules], len(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--version"], ["point", "list"], ["point", "create", "web01/rp1"], ["--help"]])
def test_a_command_imports_little_and_nothing_slow(arguments: list[str]) -> None:
    command = [sys.executable, "-c", SCRIPT, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=_without_regions())
    slow, _, count = done.stderr.splitlines()[-1].rpartition(" ")
    # Help is drawn.
    assert slow == ("['rich']" if arguments == ["--help"] else "[]")
    assert int(count) <= MODULES_MAX


def _without_regions() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("FARPOINT_", "AZURE_", "COVERAGE_"))}
