"""Manifests: written last, signed, and the only commit of a restore point."""

from collections.abc import Callable

from attrs import frozen

from farpoint.bucket.bucket import Bucket, ObjectExistsError, ObjectMissingError
from farpoint.bucket.names import manifest_name
from farpoint.clock import Entropy
from farpoint.codec.manifest_body import decode_body, encode_body
from farpoint.codec.manifest_format import (
    ManifestHeader,
    decode_manifest,
    decode_manifest_header,
    encode_manifest,
    signed_message,
)
from farpoint.codec.sealed_object import SALT_BYTES
from farpoint.errors import Code, FarpointError, IntegrityError, Place, RefusedError
from farpoint.keys.signing import Signer, check_signature
from farpoint.model.ids import ManifestId, RegionId, ScopeId
from farpoint.model.manifest import Manifest, SignedStatement
from farpoint.vault.keyring import Keyring
from farpoint.vault.tombstones import write_tombstone

#: Finds the public signing key of a region; None when it is neither this one nor a pinned peer.
SigningKeyOf = Callable[[RegionId], bytes | None]


def check_statement(statement: SignedStatement, public: bytes) -> Manifest:
    """Prove a statement with its author's key and decode it. Raises IntegrityError."""
    check_signature(public, signed_message(statement.region, statement.manifest, statement.body), statement.signature)
    manifest = decode_body(statement.body)
    if manifest.id != statement.manifest:
        message = f"the statement about manifest {statement.manifest} describes {manifest.id}"
        raise IntegrityError(message)
    return manifest


@frozen(kw_only=True)
class Manifests:
    """The manifests of one region."""

    bucket: Bucket
    keyring: Keyring
    signer: Signer
    region: RegionId
    #: The platform scope whose structure key seals manifests.
    scope: ScopeId
    entropy: Entropy

    def publish(self, manifest: Manifest) -> Manifest:
        """Write *manifest*: the commit. Return the stored one, which is an earlier attempt's if that got this far.

        Raises FarpointError(CONFLICT) when the name is taken by another operation's manifest.
        """
        try:
            # A crash right here leaves no manifest (nothing happened) or a whole one that the next attempt finds below.
            self.bucket.put(manifest_name(manifest.id), [self._encode(manifest)])
        except ObjectExistsError:
            return self._stored_or_replaced(manifest)
        return manifest

    def read(self, manifest: ManifestId) -> Manifest:
        """Return a manifest, authenticated and with its signature checked. Raises IntegrityError, RefusedError(NOT_FOUND)."""
        statement = self.statement(manifest)
        try:
            return check_statement(statement, self.signer.public)
        except IntegrityError as error:
            raise error.within(Place(pack=manifest_name(manifest))) from error

    def statement(self, manifest: ManifestId) -> SignedStatement:
        """Return the signed statement in a manifest object."""
        name = manifest_name(manifest)
        try:
            stored = self.bucket.get(name)
            header = decode_manifest_header(stored)
            keys = self.keyring.generation(header.scope, header.key_generation)
            statement = decode_manifest(stored, keys.structure_key)
        except ObjectMissingError as error:
            raise RefusedError(Code.NOT_FOUND, f"manifest {manifest} is not in this vault") from error
        except (IntegrityError, RefusedError) as error:
            raise error.within(Place(pack=name)) from error
        if (statement.manifest, statement.region) != (manifest, self.region):
            message = f"object {name} is the manifest of another point or region"
            raise IntegrityError(message, place=Place(pack=name))
        return statement

    def bury(self, manifest: ManifestId, *, point_id: str) -> None:
        """Write the tombstone of a manifest; the first act of a delete. Idempotent."""
        write_tombstone(self.bucket, manifest, point_id=point_id, signer=self.signer)

    def _stored_or_replaced(self, manifest: Manifest) -> Manifest:
        try:
            stored = self.read(manifest.id)
        except IntegrityError:
            # A torn object of an earlier attempt: no row relies on a manifest that cannot be read, so it may go.
            self.bucket.delete(manifest_name(manifest.id))
            self.bucket.put(manifest_name(manifest.id), [self._encode(manifest)])
            return manifest
        if stored.operation != manifest.operation:
            raise FarpointError(
                Code.CONFLICT, f"manifest {manifest.id} was written by operation {stored.operation}, not {manifest.operation}"
            )
        return stored

    def _encode(self, manifest: Manifest) -> bytes:
        keys = self.keyring.current(self.scope)
        body = encode_body(manifest)
        if decode_body(body) != manifest:
            message = f"manifest {manifest.id} does not decode to what was encoded"
            raise IntegrityError(message)
        signature = self.signer.sign(signed_message(self.region, manifest.id, body))
        statement = SignedStatement(region=self.region, manifest=manifest.id, body=body, signature=signature)
        salt = self.entropy.token_bytes(SALT_BYTES)
        header = ManifestHeader(manifest=manifest.id, region=self.region, scope=self.scope, key_generation=keys.generation, salt=salt)
        return encode_manifest(header, statement, keys.structure_key)
