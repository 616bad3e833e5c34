"""The fixed words of a path may have any case; names keep theirs."""

import pytest

from farpoint.api.edge import fold_path


@pytest.mark.parametrize(
    ("path", "folded"),
    [
        (
            "/Subscriptions/S/ResourceGroups/Rg/Providers/Microsoft.Compute/RestorePointCollections/C/RestorePoints/P",
            "/subscriptions/S/resourcegroups/Rg/providers/microsoft.compute/restorepointcollections/C/restorepoints/P",
        ),
        ("/subscriptions/S/providers/Farpoint/regions/East", "/subscriptions/S/providers/farpoint/regions/East"),
        ("/subscriptions/S/Locations", "/subscriptions/S/locations"),
        ("/subscriptions", "/subscriptions"),
        # What az sends for a resource without a parent, and for a list.
        (
            "/subscriptions/S/resourcegroups/G/providers/Microsoft.Compute//Disks/D",
            "/subscriptions/S/resourcegroups/G/providers/microsoft.compute/disks/D",
        ),
        (
            "/subscriptions/S/resourcegroups/G/providers/Microsoft.Resources/deployments/",
            "/subscriptions/S/resourcegroups/G/providers/microsoft.resources/deployments",
        ),
        ("/Tenant/OAuth2/V2.0/Token", "/Tenant/oauth2/v2.0/token"),
        ("/T/v2.0/.Well-Known/OpenID-Configuration", "/T/v2.0/.well-known/openid-configuration"),
        ("/T/Discovery/v2.0/Keys", "/T/discovery/v2.0/keys"),
        ("/METADATA/Endpoints", "/metadata/endpoints"),
        ("/TENANTS", "/tenants"),
        ("/OpenAPI.json", "/openapi.json"),
        # The URL of a disk's bytes.
        ("/md-Account/VHD/Blob", "/md-Account/VHD/Blob"),
        ("/", "/"),
        ("", ""),
        # A group or disk called like a fixed word keeps its case.
        (
            "/subscriptions/S/resourceGroups/Providers/providers/Microsoft.Compute/disks/Disks",
            "/subscriptions/S/resourcegroups/Providers/providers/microsoft.compute/disks/Disks",
        ),
    ],
)
def test_fixed_words_are_folded_and_names_are_not(path: str, folded: str) -> None:
    assert fold_path(path) == folded
