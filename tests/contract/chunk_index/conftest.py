"""Every test of this folder runs on each chunk index there is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.chunk_index.indexes import Subject, in_memory, in_sql

from farpoint.model.ids import OperationId
from farpoint.model.operations import Claim
from farpoint.testing.example_rows import guid
from farpoint.vault.index import ChunkIndex


@pytest.fixture(params=["memory", "sql"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    yield from in_sql(tmp_path) if request.param == "sql" else in_memory()


@pytest.fixture
def index(subject: Subject) -> ChunkIndex:
    return subject.index


@pytest.fixture
def claim(subject: Subject) -> Claim:
    return subject.claim(OperationId(guid(1)))
