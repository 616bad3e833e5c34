"""``DIR/dev.env``: shell exports that tell clients where the regions are and who they may be."""

import shlex
from collections.abc import Mapping, Sequence

from farpoint.cli.dev.layout import DevFolder
from farpoint.cli.dev.memory import DevMemory, DevRegion
from farpoint.config.environment import endpoint_suffix


def environment_of(folder: DevFolder, memory: DevMemory, run: Sequence[DevRegion]) -> dict[str, str]:
    """Return the variables for clients of the regions in *run*."""
    shared = {
        "FARPOINT_ENDPOINT": run[0].endpoint,
        "FARPOINT_CA_FILE": str(folder.authority),
        "AZURE_TENANT_ID": str(memory.tenant_id),
        "AZURE_CLIENT_ID": str(memory.client_id),
        "AZURE_CLIENT_SECRET": memory.client_secret,
        "AZURE_SUBSCRIPTION_ID": str(memory.subscription_id),
    }
    return shared | {f"FARPOINT_ENDPOINT_{endpoint_suffix(one.name)}": one.endpoint for one in run}


def exports(variables: Mapping[str, str]) -> str:
    """Write *variables* for ``. dev.env``."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def parse_exports(text: str) -> dict[str, str]:
    """Read what ``exports`` wrote."""
    words = [word for word in shlex.split(text) if "=" in word]
    return dict(word.split("=", 1) for word in words)
