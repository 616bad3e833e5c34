"""Regions and locations, as ARM lists them and with the facts that only we have."""

from farpoint.model.documents import JsonObject
from farpoint.model.remote import PeerRegion
from farpoint.services.json_reading import present
from farpoint.services.regions import RegionFacts


def region_view(region: RegionFacts, *, subscription: str) -> JsonObject:
    """Show a region with its peers."""
    return {
        "name": region.name,
        "id": f"/subscriptions/{subscription}/providers/Farpoint/regions/{region.name}",
        "type": "Farpoint/regions",
        "location": region.name,
        "properties": {
            "regionId": str(region.id),
            "endpoint": region.endpoint,
            "peers": [_peer(peer) for peer in region.peers],
        },
    }


def location_view(name: str, *, subscription: str) -> JsonObject:
    """Show a region as ARM's list of locations does."""
    return {
        "id": f"/subscriptions/{subscription}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": name,
        "regionalDisplayName": name,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }


def _peer(peer: PeerRegion) -> JsonObject:
    return present(
        name=peer.name,
        regionId=str(peer.region),
        endpoint=peer.endpoint,
        reachable=peer.reachable,
        problem=peer.problem or None,
    )
