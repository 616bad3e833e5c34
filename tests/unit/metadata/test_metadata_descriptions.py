"""Resources that are only described: one table, a name for each type."""

import pytest
from attrs import evolve

from farpoint.errors import RefusedError
from farpoint.metadata import descriptions
from farpoint.metadata.connection import Connection
from farpoint.model.descriptions import Description
from farpoint.model.ids import DescriptionId
from farpoint.testing.example_rows import guid

NETWORK = Description(
    id=DescriptionId(guid(1)),
    type="Microsoft.Network/virtualNetworks",
    group="Rg",
    name="Net",
    location="eastus",
    tags={},
    properties={"a": [1]},
)


def test_a_description_comes_back_as_it_was(conn: Connection) -> None:
    descriptions.insert_description(conn, NETWORK)
    found = descriptions.get_description(conn, type_name="microsoft.network/VIRTUALNETWORKS", group="RG", name="net")
    assert found == NETWORK
    changed = evolve(NETWORK, properties={}, tags={"b": "c"})
    descriptions.update_description(conn, changed)
    assert descriptions.list_descriptions(conn, type_name=NETWORK.type) == [changed]
    descriptions.delete_description(conn, NETWORK.id)
    assert descriptions.list_descriptions(conn, type_name=NETWORK.type, group="rg") == []


def test_types_do_not_share_names_and_one_type_does(conn: Connection) -> None:
    descriptions.insert_description(conn, NETWORK)
    other = evolve(NETWORK, id=DescriptionId(guid(2)), type="Microsoft.Network/networkInterfaces")
    descriptions.insert_description(conn, other)
    assert descriptions.list_descriptions(conn, type_name=NETWORK.type) == [NETWORK]
    with pytest.raises(RefusedError):
        descriptions.insert_description(conn, evolve(NETWORK, id=DescriptionId(guid(3)), name="NET"))
