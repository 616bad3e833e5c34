"""Resources that are kept as they were given, because nothing here carries them out: networks, interfaces, deployments."""

from attrs import frozen

from farpoint.model.documents import JsonObject
from farpoint.model.ids import DescriptionId


@frozen(kw_only=True)
class Description:
    """One such resource."""

    id: DescriptionId
    #: Full type, e.g. ``Microsoft.Network/virtualNetworks``.
    type: str
    group: str
    name: str
    location: str
    tags: JsonObject
    properties: JsonObject
