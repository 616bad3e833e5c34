"""Where an OpenID issuer publishes its keys, and what is there now."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from farpoint.errors import Code, UnavailableError
from farpoint.keys.https_get import fetch_json

_WELL_KNOWN: Final = "/.well-known/openid-configuration"


def fetch_key_set(issuer: str, *, jwks_uri: str, ca_file: Path | None) -> Mapping[str, object]:
    """Return the issuer's JWKS, from *jwks_uri* or, without one, from where its discovery document says."""
    return fetch_json(jwks_uri or _discover(issuer, ca_file), ca_file=ca_file)


def _discover(issuer: str, ca_file: Path | None) -> str:
    url = f"{issuer.rstrip('/')}{_WELL_KNOWN}"
    document = fetch_json(url, ca_file=ca_file)
    keys = document.get("jwks_uri")
    # The document must be about this very issuer (OpenID Connect Discovery §4.3).
    if document.get("issuer") != issuer or not isinstance(keys, str):
        message = f"{url} is not about issuer {issuer}, or does not say where its keys are"
        raise UnavailableError(Code.ISSUER_UNAVAILABLE, message, hint="Check directory.issuers.issuer, or give jwks_uri.")
    return keys
