"""The signed URLs of access grants: made from a grant, and read back into one."""

import uuid
from typing import Final

from farpoint.errors import Code, RefusedError
from farpoint.keys.sas import SAS_RESOURCE, SAS_VERSION, SasToken
from farpoint.metadata import access_grants
from farpoint.metadata.connection import Connection
from farpoint.model.access import AccessGrant, AccessLevel, GrantId
from farpoint.services.context import RegionContext

#: Azure Storage's sentence, whatever was wrong: who guesses learns nothing.
_REFUSED: Final = (
    "Server failed to authenticate the request. "
    "Make sure the value of the Authorization header is formed correctly including the signature."
)
_HINT: Final = "The URL is not one of this region's, or its access was revoked or has expired: call beginGetAccess."


def account_of(context: RegionContext) -> str:
    """Return the first segment of this region's disk URLs: a storage account's name, which clients take for one."""
    return f"md{context.region_id.hex[:22]}"


def url_of(context: RegionContext, grant: AccessGrant) -> str:
    """Return the grant's URL; the same grant has the same URL for ever."""
    token = SasToken(
        account=account_of(context),
        container=grant.format.value,
        blob=str(grant.subject),
        version=SAS_VERSION,
        resource=SAS_RESOURCE,
        grant=str(grant.id),
    )
    path = f"{token.account}/{token.container}/{token.blob}"
    return f"{context.endpoint}/{path}?sv={token.version}&sr={token.resource}&si={token.grant}&sig={context.sas.sign(token)}"


def refuse_forged(context: RegionContext, token: SasToken) -> None:
    """Refuse values that this region did not sign; nothing is looked up for them."""
    if not context.sas.is_valid(token):
        raise _refused()


def grant_of(context: RegionContext, conn: Connection, token: SasToken) -> AccessGrant:
    """Return the live grant that a URL's values prove. Raises RefusedError(AUTHENTICATION_FAILED) for anything else."""
    refuse_forged(context, token)
    # Signed by us, so everything in it is what url_of wrote.
    grant = access_grants.get_grant(conn, GrantId(uuid.UUID(token.grant)))
    if grant is None or not grant.is_live(context.clock.now()):
        raise _refused()
    return grant


def refuse_reader(grant: AccessGrant) -> None:
    """Refuse to let a URL that was granted for reading write."""
    if grant.access is not AccessLevel.WRITE:
        message = "This request is not authorized to perform this operation using this permission."
        raise RefusedError(Code.PERMISSION_MISMATCH, message, hint="The URL was granted for reading.")


def _refused() -> RefusedError:
    return RefusedError(Code.AUTHENTICATION_FAILED, _REFUSED, hint=_HINT)
