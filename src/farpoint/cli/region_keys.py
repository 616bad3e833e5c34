"""The keys of a region, by its files: a new one, and all of them under a passphrase for the day all else is lost."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from farpoint.cli.failures import UsageError

_NOTHING_ON_STDIN = "stdin holds no passphrase; give one, as in: farpoint region recovery-kit … < passphrase.txt"


def recovery_kit(
    *,
    config: Annotated[Path, Parameter(name="--config", help="The region's config.toml.")],
    out: Annotated[Path, Parameter(name="--out", help="The file to write; there must be none of that name.")],
) -> None:
    """Read a passphrase from stdin; seal the region's keys under it into a file that opens the bucket when all else is lost."""
    from farpoint.bootstrap.recovery import make_kit
    from farpoint.clock import SystemEntropy
    from farpoint.config.load import load_config

    region = load_config(config)
    make_kit(region, _passphrase(), out, SystemEntropy())
    print(f"{out} opens the bucket of {region.name}, with its passphrase and nothing else; keep both, in different places")


def open_recovery_kit(
    kit: Path, /, *, into: Annotated[Path, Parameter(name="--into", help="Folder for kek.json and signing.pem.")]
) -> None:
    """Read the kit's passphrase from stdin; write the region's key files, and say which region they are of."""
    from farpoint.bootstrap.recovery import unpack_kit
    from farpoint.keys.recovery_kit import open_kit

    opened = open_kit(_contents(kit), _passphrase())
    keys, signing = unpack_kit(opened, into)
    print(f'region.name = "{opened.name}"\nregion.id = "{opened.region}"\nkeys.file = "{keys}"\nkeys.signing = "{signing}"')


def rotate_key(*, config: Annotated[Path, Parameter(name="--config", help="The region's config.toml.")]) -> None:
    """Add a new key encryption key; the region wraps its keys under it at its next start."""
    from farpoint.clock import SystemEntropy
    from farpoint.config.load import load_config
    from farpoint.keys.key_file import FileKeyProvider

    region = load_config(config)
    version = FileKeyProvider.add_version(region.keys.file, SystemEntropy())
    print(f"{region.keys.file} has version {version} now; make a new recovery kit, then restart {region.name}")


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise UsageError(message) from error


def _passphrase() -> str:
    passphrase = sys.stdin.readline().rstrip("\n")
    if not passphrase:
        raise UsageError(_NOTHING_ON_STDIN)
    return passphrase
