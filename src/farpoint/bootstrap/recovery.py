"""The recovery kit of a region: made from its key files, noted beside its database, missed when it serves without one."""

import hashlib
import json
from pathlib import Path
from typing import Final

from farpoint.clock import Entropy
from farpoint.config.values import RegionConfig
from farpoint.errors import Code, IntegrityError, RefusedError
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.private_file import read_private_file, write_private_file
from farpoint.keys.recovery_kit import RecoveryKit, open_kit, seal_kit
from farpoint.keys.signing import open_signer

_NOTE: Final = "recovery-kit.json"


def make_kit(config: RegionConfig, passphrase: str, out: Path, entropy: Entropy) -> None:
    """Seal the region's keys into the new file *out*, prove that it opens, and note that there is a kit of just these keys."""
    # A kit of files that are no keys would be found out when it is needed.
    FileKeyProvider.open(config.keys.file, entropy)
    open_signer(config.keys.signing)
    kit = RecoveryKit(
        region=config.id,
        name=config.name,
        key_file=read_private_file(config.keys.file),
        signing_key=read_private_file(config.keys.signing),
    )
    write_private_file(out, seal_kit(kit, passphrase, entropy))
    if open_kit(read_private_file(out), passphrase) != kit:
        message = f"{out} does not open to the keys that were sealed into it"
        raise IntegrityError(message)
    _note(config).write_text(json.dumps(_digests(config)), encoding="ascii")


def unpack_kit(kit: RecoveryKit, folder: Path) -> tuple[Path, Path]:
    """Write the key files of a kit into *folder*, where neither may be yet; return their paths, the key encryption keys first."""
    paths = folder / "kek.json", folder / "signing.pem"
    for path in paths:
        if path.exists():
            raise RefusedError(Code.CONFLICT, f"key file {path} exists already", hint="Name another folder; nothing was written.")
    for path, data in zip(paths, (kit.key_file, kit.signing_key), strict=True):
        write_private_file(path, data)
    return paths


def has_kit(config: RegionConfig) -> bool:
    """Tell whether a kit was made of the keys that the region has now."""
    try:
        noted = json.loads(_note(config).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    return bool(noted == _digests(config))


def _note(config: RegionConfig) -> Path:
    return config.state / _NOTE


def _digests(config: RegionConfig) -> dict[str, str]:
    # Of 256 random bits each: a digest gives nothing away.
    files = {"keyFile": config.keys.file, "signingKey": config.keys.signing}
    return {name: hashlib.sha256(read_private_file(path)).hexdigest() for name, path in files.items()}
