"""Read who may come: the ``[directory]`` of ``config.toml`` with its clients and its external issuers."""

from collections.abc import Sequence
from typing import Final

from farpoint.config.table import Table, https_url, nearest, refuse
from farpoint.config.values import ClientConfig, DirectoryConfig, IssuerConfig
from farpoint.model.roles import ROLES, role_named

#: A client's role when it has none but what is assigned to it.
NO_ROLE: Final = "None"
#: Signatures by a key that only the issuer has. A shared secret (HS256) is never accepted: whoever checks could also sign.
ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")


def load_directory(table: Table, *, clients: Sequence[Table], issuers: Sequence[Table]) -> DirectoryConfig:
    """Check the table and those that repeat inside it."""
    return DirectoryConfig(
        tenant_id=table.guid("tenant_id"),
        subscription_id=table.guid("subscription_id"),
        clients=tuple(_client(row) for row in clients),
        issuers=_issuers(issuers),
    )


def _client(row: Table) -> ClientConfig:
    return ClientConfig(id=row.text("id"), secret_scrypt=row.text("secret_scrypt"), role=_role(row.text("role")))


def _role(name: str) -> str:
    if name == NO_ROLE:
        return ""
    role = role_named(name)
    if role is None:
        known = [NO_ROLE, *(one.name for one in ROLES)]
        refuse(f"directory.clients.role: there is no role {name!r}", hint=nearest(name, known), target="directory.clients.role")
    return role.name


def _issuers(rows: Sequence[Table]) -> tuple[IssuerConfig, ...]:
    found: dict[str, IssuerConfig] = {}
    for row in rows:
        issuer = row.text("issuer")
        if issuer in found:
            refuse(f"directory.issuers.issuer: {issuer} is named twice", target="directory.issuers.issuer")
        jwks_uri = row.text("jwks_uri")
        found[issuer] = IssuerConfig(
            issuer=_issuer_name(issuer),
            audience=_audience(row.text("audience")),
            jwks_uri=https_url(jwks_uri, key="directory.issuers.jwks_uri") if jwks_uri else "",
            ca=row.path("ca") if row.text("ca") else None,
            algorithms=_algorithms(row.texts("algorithms")),
        )
    return tuple(found.values())


def _issuer_name(issuer: str) -> str:
    # To the letter: tokens must say the same, a slash at the end included.
    https_url(issuer, key="directory.issuers.issuer")
    return issuer


def _audience(audience: str) -> str:
    if not audience:
        refuse("directory.issuers.audience must not be empty", hint="Say what 'aud' its tokens for this region have.")
    return audience


def _algorithms(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in ALGORITHMS:
            hint = f"Known here: {', '.join(ALGORITHMS)}."
            refuse(f"directory.issuers.algorithms: {name!r} is not accepted", hint=hint, target="directory.issuers.algorithms")
    return names
