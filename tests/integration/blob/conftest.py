"""A region with restore points of real disks, served over TLS."""

from collections.abc import Iterator

import pytest
from tests.integration.blob.blob_region import BlobRegion, serve_region


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobRegion]:
    """Serve the region once per file: its points never change."""
    with serve_region(tmp_path_factory.mktemp("blobs")) as served:
        yield served
