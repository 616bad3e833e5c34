"""How often something may be begun within an hour: counted over the operations that were begun, however they ended."""

import datetime as dt
import math
from collections.abc import Callable
from typing import Final

from farpoint.metadata import operations
from farpoint.metadata.connection import Connection
from farpoint.model.limits import Rule
from farpoint.model.operations import Operation, OperationKind
from farpoint.services.context import RegionContext

_HOUR: Final = dt.timedelta(hours=1)


def refuse_too_often(
    context: RegionContext, conn: Connection, rule: Rule, kind: OperationKind, counts: Callable[[Operation], bool], **asked: object
) -> None:
    """Refuse to begin one more operation of *kind* when those of the last hour that *counts* picks are the most allowed.

    To be called in the transaction that inserts the operation. The refusal says after how many seconds there is room.
    """
    most = context.limits.most(rule)
    if not most:
        return
    now = context.clock.now()
    begun = [operation for operation in operations.begun_since(conn, kind, now - _HOUR) if counts(operation)]
    if len(begun) < most:
        return
    seconds = max(1, math.ceil((begun[-most].created_at + _HOUR - now).total_seconds()))
    raise rule.refusal_for_now(seconds, {**asked, "count": len(begun), "most": most})
