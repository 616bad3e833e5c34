"""The ground that every crash test stands on."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.testing.ground import Ground, scaled_down

#: Simulated kills lose nothing that was written, so memory is as good as a disk and much faster.
MEMORY_FOLDER = Path("/dev/shm")


@pytest.fixture(scope="session")
def all_ground() -> Iterator[Ground]:
    """Make each journey once, when it is first needed."""
    root = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="farpoint-crash-", dir=root))
    with closing(Ground(folder)) as ground:
        yield ground
    shutil.rmtree(folder)


@pytest.fixture
def ground(all_ground: Ground) -> Iterator[Ground]:
    with scaled_down():
        yield all_ground
        all_ground.leave()
