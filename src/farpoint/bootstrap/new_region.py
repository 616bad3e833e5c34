"""Files a region needs before its first start: keys, and for development certificates of a throw-away authority."""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from farpoint.clock import SystemClock, SystemEntropy
from farpoint.errors import Code, RefusedError
from farpoint.keys.certificates import KeyAndCertificate, issue_certificate, make_authority
from farpoint.keys.clients import hash_secret as hash_client_secret
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.private_file import read_private_file, write_private_file
from farpoint.keys.signing import create_signing_key

_AUTHORITY = "ca"


def hash_secret(secret: str) -> str:
    """Return the scrypt hash of a client secret, as config.toml takes it."""
    return hash_client_secret(secret, SystemEntropy())


def make_dev_authority(folder: Path) -> None:
    """Make the throw-away certificate authority of a development set-up (ca.crt, ca.key), once."""
    if not (folder / f"{_AUTHORITY}.crt").exists():
        made = make_authority(f"Farpoint development {folder.name}", SystemClock().now())
        _write_pair(folder, _AUTHORITY, made)


def make_region_files(folder: Path, *, authority: Path, region_id: uuid.UUID, name: str, hosts: Sequence[str]) -> None:
    """Make under *folder*/keys whatever is missing of a region's keys and certificates; what exists stays as it is."""
    keys = folder / "keys"
    _once(keys / "kek.json", lambda path: FileKeyProvider.create(path, SystemEntropy()))
    _once(keys / "signing.pem", create_signing_key)
    _once(keys / "tokens.pem", create_signing_key)
    signer = _read_pair(authority, _AUTHORITY)
    _once(keys / "ca.crt", lambda path: write_private_file(path, signer.certificate))
    now = SystemClock().now()
    for purpose, identity in (("peer", str(region_id)), ("server", None)):
        if not (keys / f"{purpose}.crt").exists():
            made = issue_certificate(signer, name=f"{name} {purpose}", hosts=hosts, region_id=identity, now=now)
            _write_pair(keys, purpose, made)


def _once(path: Path, make: Callable[[Path], None]) -> None:
    if not path.exists():
        make(path)


def _write_pair(folder: Path, name: str, pair: KeyAndCertificate) -> None:
    # The certificate last: it is what tells that the pair is whole. A key without one was left by a crash.
    (folder / f"{name}.key").unlink(missing_ok=True)
    write_private_file(folder / f"{name}.key", pair.key)
    write_private_file(folder / f"{name}.crt", pair.certificate)


def _read_pair(folder: Path, name: str) -> KeyAndCertificate:
    try:
        certificate = (folder / f"{name}.crt").read_bytes()
    except OSError as error:
        message = f"there is no authority in {folder}: {error.strerror}"
        raise RefusedError(Code.CONFIGURATION, message, hint="Make it first.") from error
    return KeyAndCertificate(key=read_private_file(folder / f"{name}.key"), certificate=certificate)
