"""Names that this region is about to give, so that two regions never give one name at the same moment.

A region claims a name here before it asks the others for it, so of two that want the name at once at least one hears of the other's
claim: in the answer to its own question, or as the other's question. Then the smaller region id wins, unless the other has the name
already. The claim ends when the resource is committed or the request was refused; claims are never kept over a restart, which ends the
requests they belong to.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define

from farpoint.model.ids import RegionId


@define(eq=False)
class NameClaim:
    """One request that wants a name."""

    name: str
    #: Every region that answers was asked and gave way.
    is_granted: bool = False
    #: Another region wants it too, and goes first.
    is_lost: bool = False


class NewNames:
    """The claims of one process. Safe to use from several threads; never waits for anybody."""

    def __init__(self, region: RegionId) -> None:
        """Claim for *region*."""
        self._region = region
        self._lock = threading.Lock()
        self._claims: list[NameClaim] = []

    @contextmanager
    def claim(self, name: str) -> Iterator[NameClaim]:
        """Claim a name, an ARM id, for the length of a request. Two requests of one region may both: its database decides between them."""
        claim = NameClaim(name.lower())
        with self._lock:
            self._claims.append(claim)
        try:
            yield claim
        finally:
            with self._lock:
                self._claims.remove(claim)

    def grant(self, claim: NameClaim) -> bool:
        """Give the name to *claim*, which nobody can take from it after that; False when another region goes first."""
        with self._lock:
            claim.is_granted = not claim.is_lost
            return claim.is_granted

    def stands_against(self, name: str, rival: RegionId) -> bool:
        """Tell whether *rival* has to leave the name to this region. If not, the claims on it are lost to *rival*."""
        with self._lock:
            claims = [claim for claim in self._claims if claim.name == name.lower()]
            if any(claim.is_granted for claim in claims):
                return True
            if claims and self._region < rival:
                return True
            for claim in claims:
                claim.is_lost = True
            return False
