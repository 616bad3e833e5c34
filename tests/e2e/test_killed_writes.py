"""A real region is killed in the middle of many writes: each one that was answered is in the bucket's log, and in the region again."""

import random
import shutil
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.e2e.arm_http import ArmHttp
from tests.e2e.dev_regions import EAST, DevRegions, until
from tests.e2e.images import make_image

from farpoint.bootstrap.storage import platform_scope
from farpoint.bucket.directory import DirectoryBucket
from farpoint.clock import SystemEntropy
from farpoint.config.load import load_config
from farpoint.keys.key_file import FileKeyProvider
from farpoint.keys.signing import open_signer
from farpoint.model.documents import JsonObject
from farpoint.model.resources import Collection
from farpoint.testing.catalogue_fold import fold
from farpoint.units import MIB
from farpoint.vault.catalogue import CatalogueLog
from farpoint.vault.keyring import Keyring

pytestmark = pytest.mark.e2e

WRITERS = 4
ENOUGH = 60


def log_of(regions: DevRegions, copy: Path) -> CatalogueLog:
    """Open the log in a copy of the region's bucket: nobody but the region itself may open its bucket."""
    config = load_config(regions.folder.config(EAST))
    shutil.copytree(config.bucket, copy)
    entropy, bucket = SystemEntropy(), DirectoryBucket(copy)
    keyring = Keyring(bucket, FileKeyProvider.open(config.keys.file, entropy), entropy)
    scope = platform_scope(config.id, config.directory.subscription_id)
    signer = open_signer(config.keys.signing)
    return CatalogueLog(bucket=bucket, keyring=keyring, signer=signer, region=config.id, scope=scope, entropy=entropy)


def test_every_write_that_was_answered_is_in_the_log_after_a_kill(victims: DevRegions, dice: random.Random, tmp_path: Path) -> None:
    victims.add_vm("logged", make_image(victims.pool / "logged.raw", MIB, dice))
    answered: set[str] = set()
    stopping = threading.Event()
    run = uuid.uuid4().hex

    with ArmHttp(victims.environment, EAST) as east:
        source = east.compute("virtualMachines", "logged")

        def write(writer: int) -> None:
            number = 0
            while not stopping.is_set():
                name = f"c-{run}-{writer}-{number}"
                body: JsonObject = {"location": EAST, "properties": {"source": {"id": source}}}
                try:
                    answer = east.send("PUT", east.compute("restorePointCollections", name), body)
                except httpx.TransportError:
                    return
                assert answer.status_code == httpx.codes.CREATED, answer.text
                answered.add(name)
                number += 1

        assert east.token
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(write, writer) for writer in range(WRITERS)]
            until(lambda: len(answered) >= ENOUGH or any(one.done() for one in writers), "many writes are answered")
            victims.stop(EAST, "--kill")
            stopping.set()
        for one in writers:
            one.result()

    logged = {resource.name for resource in fold(log_of(victims, tmp_path / "bucket")).values() if isinstance(resource, Collection)}
    assert answered - logged == set()
    victims.start(EAST)
    with ArmHttp(victims.environment, EAST) as east:
        for name in answered:
            east.get(east.compute("restorePointCollections", name))
