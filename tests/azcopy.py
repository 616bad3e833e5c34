"""Microsoft's AzCopy, unmodified; make test-azcopy installs it."""

import os
import subprocess
from pathlib import Path


def run_azcopy(ca_file: Path, folder: Path, *arguments: str) -> None:
    """Run one copy; AzCopy keeps what it writes beside it in *folder*."""
    environment = os.environ | {
        "SSL_CERT_FILE": str(ca_file),
        "AZCOPY_DISABLE_SYSLOG": "true",
        "AZCOPY_LOG_LOCATION": str(folder / "log"),
        "AZCOPY_JOB_PLAN_LOCATION": str(folder / "plan"),
    }
    command = ["azcopy", "copy", *arguments, "--output-level", "essential", "--skip-version-check"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
