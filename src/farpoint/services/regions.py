"""What this region knows about itself and its peers."""

from attrs import frozen

from farpoint.model.ids import RegionId
from farpoint.model.remote import PeerRegion
from farpoint.services.context import RegionContext


@frozen(kw_only=True)
class RegionFacts:
    """This region and how its peers look from here."""

    name: str
    id: RegionId
    endpoint: str
    peers: tuple[PeerRegion, ...]


def describe_region(context: RegionContext) -> RegionFacts:
    """Return the region's facts; asks every peer whether it is there."""
    return RegionFacts(name=context.name, id=context.region_id, endpoint=context.endpoint, peers=tuple(context.peers.regions()))
