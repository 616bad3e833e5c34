"""Restore point collections as ARM shows them; local collections and copy targets look alike."""

from collections.abc import Sequence

from farpoint.api.views.points import point_view
from farpoint.api.views.text import arm_time, tags_of
from farpoint.model.arm_id import compute_id
from farpoint.model.documents import JsonObject, JsonValue
from farpoint.model.resources import Collection
from farpoint.services.json_reading import present
from farpoint.services.point_details import PointDetails


def collection_view(collection: Collection, *, subscription: str, points: Sequence[PointDetails] | None = None) -> JsonObject:
    """Show *collection*, with its restore points when they were asked for."""
    arm_id = compute_id(subscription=subscription, group=collection.group, path=(("restorePointCollections", collection.name),))
    shown: JsonValue = None if points is None else [point_view(point, subscription=subscription) for point in points]
    return present(
        name=collection.name,
        id=str(arm_id),
        type="Microsoft.Compute/restorePointCollections",
        location=collection.location,
        tags=tags_of(collection.tags),
        properties=present(
            source={"location": collection.source_location, "id": collection.source_id},
            restorePointCollectionId=str(collection.id),
            restorePoints=shown,
            provisioningState="Succeeded",
            farpoint={"timeCreated": arm_time(collection.time_created)},
        ),
    )
