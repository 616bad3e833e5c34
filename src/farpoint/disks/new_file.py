"""Make the file of a new disk: one hole of the disk's size, under its final name at once and durably."""

from contextlib import closing
from pathlib import Path

from farpoint.clock import Clock
from farpoint.disks.file_target import open_file_target
from farpoint.disks.final_file import check_final_path
from farpoint.disks.target import TargetRequest


def make_sparse_file(path: Path, size_bytes: int, *, clock: Clock) -> bool:
    """Make the file; False when it was there already, as somebody prepared it or a crash left it: one hole of that size.

    Raises RefusedError when something else is at the path, or somebody writes there; then nothing was changed.
    """
    request = TargetRequest(path=path, size_bytes=size_bytes, data_bytes=0)
    check_final_path(request)
    if path.exists() and path.stat().st_size == size_bytes:
        return False
    with closing(open_file_target(request, clock=clock, wait=None)) as target:
        target.publish()
    return True
