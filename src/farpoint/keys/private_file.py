"""Files that hold secrets: mode 0600, refused when others could have read them, replaced atomically."""

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

from farpoint.errors import Code, FarpointError, RefusedError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SECRET_BYTES_MAX = 1 << 20


def read_private_file(path: Path) -> bytes:
    """Return the contents of *path*; refuse a file that group or others can touch."""
    try:
        # Not blocking: a FIFO is refused below instead of waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise RefusedError(
            Code.KEY_UNAVAILABLE, f"cannot read key file {path}: {error.strerror}", hint="Check the path and its owner."
        ) from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise RefusedError(Code.KEY_UNAVAILABLE, f"key file {path} is not a file", hint="Give the path of the file itself.")
        if mode & _OTHERS:
            raise RefusedError(
                Code.KEY_UNAVAILABLE,
                f"key file {path} has mode {stat.S_IMODE(mode):04o}: others can read it",
                hint=f"Run: chmod 600 {path}; then consider whether the key must be replaced.",
            )
        return os.read(descriptor, _SECRET_BYTES_MAX)
    finally:
        os.close(descriptor)


def write_private_file(path: Path, data: bytes) -> None:
    """Write *data* durably under *path* with mode 0600; refuse to replace an existing file, keys are never overwritten."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = _write_scratch(path, data)
    try:
        os.link(scratch, path)
    except FileExistsError as error:
        raise FarpointError(Code.CONFLICT, f"key file {path} exists already") from error
    finally:
        scratch.unlink(missing_ok=True)
    _sync(path.parent)


def change_private_file(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Replace what *path* holds by what *change* makes of it, durably and in one step. Refuse while another process does so."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Of two changes at once, made of the same contents, one would be lost, and with it a key that may be in use by then.
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        scratch = _write_scratch(path, change(read_private_file(path)))
        # Root may change the file of the account that the region runs under, which must still be able to read it.
        owner = path.stat()
        os.chown(scratch, owner.st_uid, owner.st_gid)
        scratch.replace(path)
        os.fsync(folder)
    except BlockingIOError as error:
        raise RefusedError(Code.CONFLICT, f"another process is changing a key file in {path.parent}", hint="Ask again.") from error
    finally:
        os.close(folder)


def _write_scratch(path: Path, data: bytes) -> Path:
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(descriptor)
    return scratch


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
