"""The azure-mgmt-compute that `az` pins, 34.1.0: older models, the same story."""

import hashlib
import json
import os
import random
import subprocess
from pathlib import Path

import pytest
from tests.az.az_cli import AZ_FOLDER
from tests.e2e.azure_sdk import credential_for
from tests.e2e.dev_regions import EAST, WEST, DevRegions, at
from tests.e2e.images import are_identical, make_image

from farpoint.units import MIB

pytestmark = [pytest.mark.az, pytest.mark.timeout(600)]

PROGRAM = Path(__file__).with_name("compute_34.py")


def test_the_older_library_captures_copies_restores_and_deletes(az_pair: DevRegions, entropy_seed: int) -> None:
    dice = random.Random(entropy_seed)
    os_image, data_image = (make_image(az_pair.pool / f"older-{name}.raw", 5 * MIB, dice) for name in ("os", "data"))
    az_pair.add_vm("older", os_image, data_image)
    names = {
        str(at(disk, "properties", "farpoint", "path")): str(disk["name"]) for disk in az_pair.run("disk", "list", "-o", "json").documents
    }
    variables = az_pair.environment
    with credential_for(az_pair, EAST) as credential:
        token = credential.get_token(f"{variables['FARPOINT_ENDPOINT_EASTUS']}/.default").token
    given = {
        "token": token,
        "subscription": variables["AZURE_SUBSCRIPTION_ID"],
        "ca": variables["FARPOINT_CA_FILE"],
        EAST: variables["FARPOINT_ENDPOINT_EASTUS"],
        WEST: variables["FARPOINT_ENDPOINT_WESTUS"],
        "vm": "older",
        "os": names[str(os_image)],
        "data": names[str(data_image)],
    }
    seen = run_program(given)
    compute = f"/subscriptions/{given['subscription']}/resourceGroups/default/providers/Microsoft.Compute"
    assert at(seen, "version") == "34.1.0"
    assert at(seen, "copy") == {
        "excluded": [f"{compute}/disks/{names[str(data_image)]}"],
        "replication": [100],
        "state": "ReplicationState/succeeded",
        "disk_point": [100.0, "Succeeded", EAST],
        "exported": [hashlib.sha256(os_image.read_bytes()).hexdigest(), "conectix"],
        "restored": ["Succeeded", 5 * MIB, 1, "Unattached"],
    }
    assert at(seen, "snapshot") == {"families_differ": True, "source_unique_id_fits": True, "percent": 100.0, "made": ["Succeeded", "Copy"]}
    assert at(seen, "gone") == ["NotFound", "ResourceNotFound", "ResourceNotFound"]
    for name in ("restored-34", "of-snapshot-34"):
        assert are_identical(os_image, az_pair.pool / WEST / "default" / f"{name}.raw")


def run_program(given: dict[str, str]) -> object:
    environment = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"}
    command = [str(AZ_FOLDER / "bin" / "python"), str(PROGRAM)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, input=json.dumps(given), env=environment, timeout=500)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    seen: object = json.loads(done.stdout)
    return seen
