"""What a test starts dies with it, however it dies."""

import os
import select
import subprocess
import sys

import pytest
from tests.orphans import DIES_AT_ONCE, DIES_IN_ORDER

PARENT = """
import subprocess, sys
subprocess.run(sys.argv[1:])
"""
#: Longer than anything may take on a busy machine.
PATIENCE_SECONDS = 60.0


@pytest.mark.parametrize("prefix", [DIES_IN_ORDER, DIES_AT_ONCE])
def test_a_process_ends_when_the_one_that_started_it_is_killed(prefix: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", PARENT, *prefix, "sh", "-c", "echo $$; exec sleep 600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    try:
        ended, _, _ = select.select([child], [], [], PATIENCE_SECONDS)
        assert ended == [child]
    finally:
        os.close(child)
