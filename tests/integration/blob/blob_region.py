"""A region with restore points of real disks, served over TLS; and what a client of its disk URLs needs."""

import http.client
import socket
import ssl
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from attrs import evolve, frozen

from farpoint.api.app import Tokens, build_client_app
from farpoint.api.listeners import Listeners, client_listener
from farpoint.api.throttles import Rates, Throttles
from farpoint.clock import SystemClock
from farpoint.keys.clients import ClientSecrets
from farpoint.keys.tokens import TokenVerifier
from farpoint.metadata import access_grants, disks
from farpoint.model.access import AccessLevel, BlobFormat, GrantId
from farpoint.model.arm_id import parse_arm_id
from farpoint.model.ids import DiskId
from farpoint.model.resources import CreateOption, Disk, ProvisioningState
from farpoint.peers.tls import context_for_clients
from farpoint.services.access_urls import url_of
from farpoint.services.granting import AccessRequest, begin_access, end_access
from farpoint.testing.arm_region import SECRET_HASH
from farpoint.testing.journeys import disk_point_arm_id
from farpoint.testing.region_certificates import RegionAuthority
from farpoint.testing.regions import CLIENT, TENANT, SmallRegion
from farpoint.testing.stage import BLOCK_BYTES, DATA_BLOCKS, DATA_BYTES, GROUP, OS_BYTES, Stage, disk_arm_id

READY_SECONDS = 20.0


@frozen(kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@frozen
class BlobRegion:
    """The region, with points rp0 and rp1 of one VM; a little of both disks changed between them."""

    stage: Stage
    ca_file: Path

    @property
    def region(self) -> SmallRegion:
        """The region itself."""
        return self.stage.east

    def share(self, arm_id: str, *, access: AccessLevel = AccessLevel.READ, shown: BlobFormat = BlobFormat.RAW, seconds: int = 3600) -> str:
        """Grant access and return the URL."""
        request = AccessRequest(resource=parse_arm_id(arm_id), access=access, format=shown, duration_seconds=seconds)
        operation = begin_access(self.region.context, request, principal=CLIENT)
        with self.region.database.read() as conn:
            grant = access_grants.get_grant(conn, GrantId(uuid.UUID(operation.subject)))
        assert grant is not None
        return url_of(self.region.context, grant)

    def revoke(self, arm_id: str) -> object:
        """End access; return the failure, if there is one."""
        return end_access(self.region.context, parse_arm_id(arm_id), principal=CLIENT).failure

    def point(self, name: str, disk: str = "os") -> str:
        """Return the id of a disk restore point."""
        return disk_point_arm_id(self.region, "web01", name, disk)

    def stage_disk(self, name: str) -> str:
        """Return the id of a disk of the VM."""
        return disk_arm_id(name)

    def captured(self, name: str, disk: str = "os") -> bytes:
        """Return what that disk held."""
        return self.stage.captured[name][disk]

    def disk_for_upload(self, name: str, size_bytes: int) -> tuple[str, Path]:
        """Make a disk that awaits its upload, and its empty file; return id and path."""
        path = self.region.pool / f"{name}.raw"
        with path.open("wb") as file:
            file.truncate(size_bytes)
        context = self.region.context
        disk = Disk(
            id=DiskId(context.entropy.guid()), group=GROUP, name=name, location="eastus", tags={}, sku="Premium_LRS", os_type=None,
            create_option=CreateOption.UPLOAD, source_resource_id=None, path=str(path), size_bytes=size_bytes, block_bytes=65536,
            provisioning_state=ProvisioningState.SUCCEEDED, time_created=context.clock.now(), awaits_upload=True,
        )  # fmt: skip
        with context.database.write() as conn:
            disks.insert_disk(conn, disk)
        return disk_arm_id(name), path

    def send(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answer:
        """Send one request as it is, over TLS."""
        parts = urlsplit(url)
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, context=trust, timeout=READY_SECONDS)
        try:
            connection.request(method, f"{parts.path}?{parts.query}", body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            shown = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=shown, body=answer.read())
        finally:
            connection.close()


@contextmanager
def serve_region(folder: Path) -> Iterator[BlobRegion]:
    """Make the region in *folder* and serve it."""
    stage = Stage(folder / "regions", seed=11)
    stage.add_vm()
    stage.create_point("rp0")
    # Changed, changed from zeros, and become zeros.
    stage.write_blocks("os", OS_BYTES, (1, 40))
    with stage.disk_path("os").open("r+b") as file:
        file.seek(63 * BLOCK_BYTES)
        file.write(bytes(2 * BLOCK_BYTES))
    stage.write_blocks("data", DATA_BYTES, DATA_BLOCKS[:1])
    stage.create_point("rp1")
    authority = RegionAuthority(folder / "ca", name="clients", now=SystemClock().now())
    listeners, ready = listen(stage.east, authority), threading.Event()
    thread = threading.Thread(target=listeners.run, args=(ready.set,))
    thread.start()
    assert ready.wait(READY_SECONDS)
    yield BlobRegion(stage, authority.ca_file)
    listeners.stop()
    thread.join()
    stage.stop()


def listen(region: SmallRegion, authority: RegionAuthority) -> Listeners:
    """Bind the region's client API to a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    region.context = evolve(region.context, endpoint=f"https://127.0.0.1:{port}")
    clients = ClientSecrets({CLIENT: SECRET_HASH})
    keys = {str(region.region): region.issuer.signer.public}
    verifier = TokenVerifier(tenant_id=TENANT, clock=region.clock, key_of=keys.get, knows_client=clients.knows)
    unlimited = Throttles(Rates(reads_per_second=0, writes_per_second=0, failed_logins_per_minute=0), region.clock)
    tokens = Tokens(verifier=verifier, issuer=region.issuer, clients=clients, public_keys=lambda: keys, throttles=unlimited)
    app = build_client_app(region.context, tokens)
    own = authority.issue(region.name, region=None)
    return Listeners([client_listener(app, host="127.0.0.1", port=port, tls=context_for_clients(own))])
