"""SHA-256 of disk images."""

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, hex."""
    with path.open("rb") as image:
        return hashlib.file_digest(image, "sha256").hexdigest()
