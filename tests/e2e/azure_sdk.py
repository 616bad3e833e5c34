"""Microsoft's SDK for Python, pointed at development regions: credentials, clients, ids and bodies."""

from collections.abc import Callable

from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from tests.e2e.dev_regions import DevRegions

GROUP = "default"
#: Makes a client of a region.
MakeClient = Callable[[str], ComputeManagementClient]


def credential_for(pair: DevRegions, region: str, secret: str | None = None) -> ClientSecretCredential:
    """Return a credential that *region* gives tokens for."""
    variables = pair.environment
    return ClientSecretCredential(
        variables["AZURE_TENANT_ID"],
        variables["AZURE_CLIENT_ID"],
        secret or variables["AZURE_CLIENT_SECRET"],
        authority=variables[f"FARPOINT_ENDPOINT_{region.upper()}"],
        connection_verify=variables["FARPOINT_CA_FILE"],
        disable_instance_discovery=True,
    )


def client_for(pair: DevRegions, region: str, credential: ClientSecretCredential) -> ComputeManagementClient:
    """Return a client of the region's endpoint."""
    variables = pair.environment
    endpoint = variables[f"FARPOINT_ENDPOINT_{region.upper()}"]
    return ComputeManagementClient(
        credential,
        variables["AZURE_SUBSCRIPTION_ID"],
        base_url=endpoint,
        credential_scopes=[f"{endpoint}/.default"],
        connection_verify=variables["FARPOINT_CA_FILE"],
    )


def compute_id(pair: DevRegions, *segments: str) -> str:
    """Return the id of a resource in group default."""
    subscription = pair.environment["AZURE_SUBSCRIPTION_ID"]
    return f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute/{'/'.join(segments)}"


def collection_body(location: str, source_id: str) -> dict[str, object]:
    """Describe a collection."""
    return {"location": location, "properties": {"source": {"id": source_id}}, "tags": {"made": "by the SDK"}}


def copied_body(location: str, option: str, source_id: str, **more: object) -> dict[str, object]:
    """Describe a disk or snapshot made from something."""
    creation = {"createOption": option, "sourceResourceId": source_id}
    return {"location": location, "properties": {"creationData": creation, **more}}
