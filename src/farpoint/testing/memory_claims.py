"""Claims in memory: which incarnation of each operation may write."""

import threading

from farpoint.errors import SupersededError
from farpoint.model.ids import OperationId
from farpoint.model.operations import Claim


class MemoryClaims:
    """Stands for the operations table where a fake store must refuse superseded writers."""

    def __init__(self) -> None:
        """Start without operations."""
        self._lock = threading.Lock()
        self._newest: dict[OperationId, int] = {}

    def claim(self, operation: OperationId) -> Claim:
        """Take the operation over: older claims are refused from here on."""
        with self._lock:
            incarnation = self._newest.get(operation, 0) + 1
            self._newest[operation] = incarnation
        return Claim(operation=operation, incarnation=incarnation)

    def end(self, operation: OperationId) -> None:
        """End the operation: no claim may write for it any more."""
        with self._lock:
            self._newest.pop(operation, None)

    def check(self, claim: Claim) -> None:
        """Raise SupersededError unless *claim* is the newest of a running operation."""
        with self._lock:
            newest = self._newest.get(claim.operation)
        if newest != claim.incarnation:
            raise SupersededError(str(claim.operation))
