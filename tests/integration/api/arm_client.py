"""A client that speaks HTTP to a region's real application, in process."""

import asyncio
from collections.abc import Mapping

import httpx
from attrs import define
from fastapi import FastAPI

from farpoint.testing.arm_region import CLIENT, SUBSCRIPTION, ArmRegion

API_VERSION = "2024-11-01"
#: Query parameters that begin with a dollar sign.
OPTIONS = frozenset({"expand", "filter", "skiptoken", "top"})


@define
class Arm:
    """One region and a logged-in client of it."""

    region: ArmRegion
    app: FastAPI
    token: str = ""

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | bytes | None = None,
        *,
        headers: dict[str, str] | None = None,
        version: str | None = API_VERSION,
        **query: str,
    ) -> httpx.Response:
        """Send one request; a path that is a whole URL goes as it is."""
        sent = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        parameters = {f"${name}" if name in OPTIONS else name: value for name, value in query.items()}
        if version is not None and "://" not in path:
            parameters["api-version"] = version
        return asyncio.run(self._send(method, path, body, sent, parameters))

    async def _send(
        self, method: str, path: str, body: Mapping[str, object] | bytes | None, headers: dict[str, str], query: dict[str, str]
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else None
        document = None if isinstance(body, bytes) else body
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url=self.region.context.endpoint) as client:
            url = httpx.URL(path)
            url = url.copy_merge_params(query) if query else url
            return await client.request(method, url, headers=headers, json=document, content=content)

    def log_in(self) -> None:
        """Take a token without asking for it over HTTP: checking a secret is slow on purpose."""
        self.token, _ = self.region.issuer.issue(CLIENT)

    def attach(self, name: str, *, size_bytes: int = 1 << 20) -> str:
        """Register a new disk file; return the disk's id."""
        path = self.region.disk_file(name, size_bytes)
        properties = {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(path)}}
        answer = self.send("PUT", compute("disks", name), {"location": self.region.context.name, "properties": properties})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def add_vm(self, name: str, *, os_disk: str, data_disks: tuple[str, ...] = ()) -> str:
        """Register a VM with these disks; return its id."""
        data = [{"lun": lun, "createOption": "Attach", "managedDisk": {"id": disk}} for lun, disk in enumerate(data_disks)]
        profile = {"osDisk": {"createOption": "Attach", "osType": "Linux", "managedDisk": {"id": os_disk}}, "dataDisks": data}
        body = {"location": self.region.context.name, "properties": {"storageProfile": profile}}
        answer = self.send("PUT", compute("virtualMachines", name), body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def add_collection(self, name: str, *, source: str) -> str:
        """Create a collection; return its id."""
        body = {"location": self.region.context.name, "properties": {"source": {"id": source}}}
        answer = self.send("PUT", compute("restorePointCollections", name), body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def compute(*segments: str, group: str = "default") -> str:
    """Return a path below Microsoft.Compute."""
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/" + "/".join(segments)
