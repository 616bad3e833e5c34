"""Opening what a region keeps: database, keys, bucket, vault; and checking that they belong together."""

import logging
import uuid

from attrs import frozen

from farpoint.bucket.directory import DirectoryBucket
from farpoint.bucket.names import CATALOGUE, MANIFESTS, epoch_name
from farpoint.clock import Clock, Entropy
from farpoint.config.values import RegionConfig
from farpoint.errors import Code, RefusedError
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.signing import Signer, open_signer
from farpoint.metadata.chunk_index import SqlChunkIndex
from farpoint.metadata.counters import get_setting, put_setting
from farpoint.metadata.database import Database
from farpoint.model.ids import RegionId, ScopeId
from farpoint.vault.identity import claim_epoch, ensure_identity, newest_epoch
from farpoint.vault.vault import Vault, VaultParts

_log = logging.getLogger(__name__)
_REGION, _EPOCH = "region", "epoch"


@frozen(kw_only=True)
class Storage:
    """What a region keeps, open."""

    database: Database
    vault: Vault
    signer: Signer
    tokens: Signer
    epoch: int


def open_storage(config: RegionConfig, *, clock: Clock, entropy: Entropy) -> Storage:
    """Open everything; raises RefusedError when keys are unreadable, or when database and bucket do not belong together."""
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The database first: its lock keeps a second process away from everything else.
    database = Database.open_sqlite(config.state / "metadata.sqlite")
    try:
        # Before anything is made: an empty folder where the bucket should be mounted must stay empty.
        epoch = _known_epoch(database, config)
        vault = _open_vault(config, database, clock=clock, entropy=entropy)
        if epoch is None:
            epoch = _adopt(database, config, vault, entropy)
        elif epoch != newest_epoch(vault.bucket):
            message = f"another database was made for {config.bucket} after the one in {config.state}"
            raise RefusedError(Code.CONFIGURATION, message, hint="Run the newer one: this one knows nothing of what it did.")
        vault.keyring.current(vault.platform_scope)
        if rewrapped := vault.keyring.rewrap():
            _log.info("keys_wrapped_anew", extra={"region": config.name, "keys": rewrapped})
        tokens = open_signer(config.keys.tokens)
    except BaseException:
        database.close()
        raise
    return Storage(database=database, vault=vault, signer=vault.signer, tokens=tokens, epoch=epoch)


def _known_epoch(database: Database, config: RegionConfig) -> int | None:
    """Return the epoch this database claimed in its bucket, None for a fresh one; refuse it beside any other bucket."""
    with database.read() as conn:
        owner, epoch = get_setting(conn, _REGION), get_setting(conn, _EPOCH)
    if owner is None or epoch is None:
        return None
    if owner != str(config.id):
        message = f"the database in {config.state} belongs to region {owner}, not to {config.name} ({config.id})"
        raise RefusedError(Code.CONFIGURATION, message, hint="Give this region a state folder of its own.")
    if not (config.bucket / epoch_name(int(epoch))).is_file():
        message = f"{config.bucket} is not the bucket that the database in {config.state} was made for: it has no {epoch_name(int(epoch))}"
        raise RefusedError(Code.CONFIGURATION, message, hint="Is it mounted? Nothing was written to it.")
    return int(epoch)


def _open_vault(config: RegionConfig, database: Database, *, clock: Clock, entropy: Entropy) -> Vault:
    signer = open_signer(config.keys.signing)
    provider = FileKeyProvider.open(config.keys.file, entropy)
    bucket = DirectoryBucket(config.bucket)
    ensure_identity(bucket, region=config.id, name=config.name, signer=signer)
    return Vault(
        VaultParts(
            bucket=bucket,
            index=SqlChunkIndex(database),
            provider=provider,
            signer=signer,
            region=config.id,
            scope=platform_scope(config.id, config.directory.subscription_id),
            clock=clock,
            entropy=entropy,
        )
    )


def platform_scope(region: RegionId, subscription: uuid.UUID) -> ScopeId:
    """Return the id of a subscription's platform scope in one region: keys never leave it, so neither do scope ids."""
    return ScopeId(uuid.uuid5(region, f"platform-scope/{subscription}"))


def _adopt(database: Database, config: RegionConfig, vault: Vault, entropy: Entropy) -> int:
    """Make a fresh database the bucket's, under an epoch of its own; refuse a bucket whose resources it does not know."""
    if any(next(vault.bucket.list(prefix), None) is not None for prefix in (MANIFESTS, CATALOGUE)):
        message = f"the bucket {config.bucket} holds resources, but the database in {config.state} is new and knows none of them"
        raise RefusedError(Code.CONFIGURATION, message, hint="Restore metadata.sqlite, or check that the state folder is mounted.")
    vault.keyring.create_first(vault.platform_scope)
    # A crash between claim and commit leaves an epoch nobody uses; the next start claims the one after.
    epoch = claim_epoch(vault.bucket, claimant=entropy.guid(), signer=vault.signer)
    with database.write() as conn:
        put_setting(conn, _REGION, str(config.id))
        put_setting(conn, _EPOCH, str(epoch))
    return epoch
