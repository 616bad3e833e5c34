"""Microsoft's command line, unmodified, logged in at one region: an environment of its own (make test-az), a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from attrs import frozen

from farpoint.model.documents import JsonObject

#: Where make test-az puts it.
AZ_FOLDER = Path(__file__).resolve().parents[2] / ".venv-az"
_COMMAND_SECONDS = 100.0


@frozen
class AzRan:
    """How a command ended, and what it printed."""

    status: int
    output: str
    errors: str


class Az:
    """`az` against one region. Each region has a configuration folder: MSAL keeps tokens by host name, without the port."""

    def __init__(self, folder: Path, region: str, variables: Mapping[str, str]) -> None:
        """Log in nowhere yet."""
        self.region = region
        self.subscription = variables["AZURE_SUBSCRIPTION_ID"]
        self._folder = folder
        self._variables = variables
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AZURE_CONFIG_DIR": str(folder / "config"),
            "REQUESTS_CA_BUNDLE": variables["FARPOINT_CA_FILE"],
            # Else it asks login.microsoftonline.com whether the authority is one.
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_LOGIN_EXPERIENCE_V2": "off",
            "AZURE_CORE_NO_COLOR": "true",
        }

    def log_in(self) -> None:
        """Register the region as a cloud, choose it, and log in as a service principal."""
        variables = self._variables
        endpoint = variables[f"FARPOINT_ENDPOINT_{self.region.upper()}"]
        self.run("cloud", "register", "-n", "Farpoint", "--endpoint-resource-manager", endpoint)
        self.run("cloud", "set", "-n", "Farpoint")
        client, secret, tenant = (variables[f"AZURE_{name}"] for name in ("CLIENT_ID", "CLIENT_SECRET", "TENANT_ID"))
        self.run("login", "--service-principal", "-u", client, "-p", secret, "--tenant", tenant)

    def run(self, *arguments: str, expect: int | None = 0) -> AzRan:
        """Run one command; *expect* is its exit status, None for any."""
        command = [str(AZ_FOLDER / "bin" / "python"), "-W", "ignore", "-m", "azure.cli", *arguments]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            env=self._environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
        )
        sys.stdout.write(f"az {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
        assert expect in {None, done.returncode}, f"az {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return AzRan(done.returncode, done.stdout, done.stderr)

    def show(self, *arguments: str) -> JsonObject:
        """Run a command that prints one object."""
        return cast("JsonObject", json.loads(self.run(*arguments, "-o", "json").output))

    def rows(self, *arguments: str) -> list[JsonObject]:
        """Run a command that prints a list."""
        return cast("list[JsonObject]", json.loads(self.run(*arguments, "-o", "json").output))

    def text(self, *arguments: str) -> str:
        """Run a command and return what it prints, as plain text."""
        return self.run(*arguments, "-o", "tsv").output.strip()
