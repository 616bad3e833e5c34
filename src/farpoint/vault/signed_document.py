"""Small signed JSON objects: identities, epochs, tombstones, receipts. Normative: docs/format/bucket.md.

The object is canonical JSON; its field ``signature`` is Ed25519 over a label of its kind and the canonical JSON of the rest. So
no bit of it can change unnoticed, and one kind never passes for another.
"""

from attrs import field, frozen

from farpoint.errors import IntegrityError
from farpoint.keys.signing import Signer, check_signature
from farpoint.model.documents import JsonObject, canonical_json, decode_base64, encode_base64, parse_canonical_json

_SIGNATURE = "signature"


@frozen(kw_only=True)
class SignedDocument:
    """A document as it was read: well formed, nothing proven yet."""

    fields: JsonObject
    signature: bytes = field(repr=False)

    def prove(self, *, label: bytes, public: bytes) -> JsonObject:
        """Return the fields once the signature is proven. Raises IntegrityError."""
        check_signature(public, label + canonical_json(self.fields), self.signature)
        return self.fields


def sign_document(fields: JsonObject, *, label: bytes, signer: Signer) -> bytes:
    """Encode *fields* with the signature of *signer*."""
    signature = signer.sign(label + canonical_json(fields))
    return canonical_json({**fields, _SIGNATURE: encode_base64(signature)})


def read_document(data: bytes, *, keys: frozenset[str]) -> SignedDocument:
    """Parse a document that has exactly these *keys* and a signature. Raises IntegrityError."""
    try:
        document = parse_canonical_json(data)
        signature = decode_base64(str(document[_SIGNATURE]))
    except (ValueError, KeyError) as error:
        message = "a signed document is malformed"
        raise IntegrityError(message) from error
    fields = {key: value for key, value in document.items() if key != _SIGNATURE}
    if fields.keys() != keys:
        message = f"a signed document should have the fields {', '.join(sorted(keys))}"
        raise IntegrityError(message)
    return SignedDocument(fields=fields, signature=signature)
