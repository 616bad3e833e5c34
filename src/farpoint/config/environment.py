"""The client's environment: which regions there are, where, and who is asking. Read once, here and nowhere else."""

import os
from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from farpoint.model.regions import region_key

_ENDPOINT = "FARPOINT_ENDPOINT"
_ENDPOINT_OF = "FARPOINT_ENDPOINT_"


@frozen(kw_only=True)
class Credentials:
    """What a client needs to get tokens, and the subscription it works in."""

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    subscription_id: str


@frozen(kw_only=True)
class Environment:
    """What the environment says; nothing in it has been tried."""

    #: Region, as its variable's suffix (``WESTUS``), to base URL; one entry with an empty name when only FARPOINT_ENDPOINT is set.
    endpoints: Mapping[str, str]
    ca_file: Path | None
    credentials: Credentials
    #: Variables that are needed to ask a region and are not set.
    missing: tuple[str, ...]


def endpoint_suffix(region: str) -> str:
    """Return the end of a region's variable name: ``west-us`` becomes ``WEST_US``."""
    return region_key(region).upper().replace("-", "_")


def shown_region(suffix: str) -> str:
    """Return the region a variable's suffix most likely stands for; only the region itself knows for sure."""
    return suffix.lower().replace("_", "-")


def read_environment(variables: Mapping[str, str] | None = None) -> Environment:
    """Read FARPOINT_* and AZURE_* from *variables*, by default the process's own."""
    source = os.environ if variables is None else variables
    endpoints = {name.removeprefix(_ENDPOINT_OF): url for name, url in sorted(source.items()) if name.startswith(_ENDPOINT_OF) and url}
    if not endpoints and source.get(_ENDPOINT):
        endpoints = {"": source[_ENDPOINT]}
    ca_file = source.get("FARPOINT_CA_FILE", "")
    names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_SUBSCRIPTION_ID")
    tenant, client, secret, subscription = (source.get(name, "") for name in names)
    missing = [name for name in names if not source.get(name)]
    return Environment(
        endpoints={name: url.rstrip("/") for name, url in endpoints.items()},
        ca_file=Path(ca_file) if ca_file else None,
        credentials=Credentials(tenant_id=tenant, client_id=client, client_secret=secret, subscription_id=subscription),
        missing=tuple([_ENDPOINT] * (not endpoints) + missing),
    )


def process_environment() -> Mapping[str, str]:
    """Return a copy of the process's environment, for programs we start."""
    return dict(os.environ)
