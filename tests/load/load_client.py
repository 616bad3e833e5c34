"""One of many clients: it creates, copies, lists, changes and deletes, and remembers what it was told.

Whatever it was told must still be so at the end: a resource that a 2xx acknowledged is there with the tags last acknowledged, one
whose deletion ended is not. Every request has the one status that it must have; so a 5xx ends the run.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

import httpx
from attrs import define, field
from tests.load.latencies import Latencies

from farpoint.model.documents import JsonObject

API_VERSION: Final = "2024-11-01"
_DISK_BYTES: Final = 1 << 20
_DATA_BYTES: Final = 64 << 10
_POLL_SECONDS: Final = 0.25
#: Far longer than anything takes here; a lost operation ends the run with its name.
_PATIENCE_SECONDS: Final = 120.0
#: The regions, as a client sees them.
_HERE, _THERE = "here", "there"
#: What is not deleted at once stays until the end, to be seen there.
_DELETED_SHARE: Final = 0.7
#: A resource that is not there any more.
GONE: Final = None


@define
class LoadClient:
    """A client of two regions: captures in the first, copies in the second."""

    name: str
    here: httpx.AsyncClient
    there: httpx.AsyncClient
    locations: tuple[str, str]
    subscription: str
    pool: Path
    latencies: Latencies
    dice: random.Random
    #: (in which region, path) to the tags last acknowledged, or GONE.
    told: dict[tuple[str, str], Mapping[str, str] | None] = field(factory=dict)
    rounds: int = 0

    async def work(self, going_on: Callable[[], bool]) -> None:
        """Do rounds until told to stop; the last one is finished."""
        while going_on():
            self.rounds += 1
            await self._round(f"{self.name}-{self.rounds}")

    async def check(self) -> None:
        """See that everything is as it was told, in each resource and in the lists."""
        for (region, path), tags in self.told.items():
            answer = await self._ask(region, "GET", path, 200 if tags is not GONE else 404, kind="GET to check")
            assert tags is GONE or answer.json().get("tags", {}) == tags, f"{path}: {answer.text} instead of {tags}"
        for region in (_HERE, _THERE):
            await self._check_list(region, "disks")
            await self._check_list(region, "restorePointCollections")

    async def clean_up(self) -> None:
        """Delete what is left: what attaches before what is attached."""
        left = [key for key, tags in self.told.items() if tags is not GONE]
        for kind in ("/restorePointCollections/", "/virtualMachines/", "/disks/"):
            for region, path in left:
                if kind in path and "/restorePoints/" not in path:
                    await self._delete(region, path)

    async def _round(self, name: str) -> None:
        disk, vm = self._path("disks", name), self._path("virtualMachines", name)
        collection, copies = self._path("restorePointCollections", name), self._path("restorePointCollections", f"{name}-copies")
        point, copy = f"{collection}/restorePoints/p", f"{copies}/restorePoints/p"
        await self._put(
            _HERE, disk, {"properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": self._file(name)}}}, 200
        )
        await self._put(_HERE, vm, {"properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": disk}}}}}, 201)
        await self._put(_HERE, collection, {"properties": {"source": {"id": vm}}}, 201)
        await self._capture(point)
        await self._put(_THERE, copies, {"properties": {"source": {"id": collection}}}, 201)
        await self._copy(point, copy)
        await self._retag(_HERE, collection)
        await self._retag(_THERE, copies)
        await self._look(name)
        if self.dice.random() < _DELETED_SHARE:
            await self._delete(_THERE, copy)
            await self._delete(_HERE, collection)
            self.told[_HERE, point] = GONE
            await self._delete(_HERE, vm)
            await self._delete(_HERE, disk)

    async def _capture(self, point: str) -> None:
        started = await self._ask(_HERE, "PUT", point, 201, body={}, kind="PUT point")
        again = await self._ask(_HERE, "PUT", point, 201, body={}, kind="PUT point, repeated")
        url = started.headers["azure-asyncoperation"]
        assert again.headers["azure-asyncoperation"] == url
        self.told[_HERE, point] = {}
        await self._until(lambda: self._ended(_HERE, url), point)

    async def _copy(self, point: str, copy: str) -> None:
        await self._ask(_THERE, "PUT", copy, 201, body={"properties": {"sourceRestorePoint": {"id": point}}}, kind="PUT copy")
        self.told[_THERE, copy] = {}
        await self._until(lambda: self._complete(copy), copy)

    async def _ended(self, region: str, url: str) -> bool:
        document = (await self._ask(region, "GET", url, 200, kind="GET operation")).json()
        assert document["status"] in {"InProgress", "Succeeded"}, document
        return bool(document["status"] == "Succeeded")

    async def _complete(self, copy: str) -> bool:
        answer = await self._ask(_THERE, "GET", f"{copy}?$expand=instanceView", 200, kind="GET copy, instanceView")
        properties = answer.json()["properties"]
        assert properties["provisioningState"] in {"Creating", "Succeeded"}, properties
        return bool(properties["farpoint"]["complete"])

    async def _retag(self, region: str, path: str) -> None:
        for number in range(2):
            tags = {"owner": self.name, "number": str(number)}
            changed = await self._ask(region, "PATCH", path, 200, body={"tags": tags}, kind="PATCH collection")
            self.told[region, path] = tags
            found = await self._ask(region, "GET", path, 200, kind="GET collection")
            assert changed.json()["tags"] == found.json()["tags"] == tags

    async def _look(self, name: str) -> None:
        for region, kind, wanted in (
            (_HERE, "disks", name),
            (_HERE, "virtualMachines", name),
            (_THERE, "restorePointCollections", f"{name}-copies"),
        ):
            assert wanted in await self._list(region, kind)

    async def _check_list(self, region: str, kind: str) -> None:
        ours = {path.rpartition("/")[2]: tags for (place, path), tags in self.told.items() if place == region and _is_of(path, kind)}
        expected = {name for name, tags in ours.items() if tags is not GONE}
        shown = {name for name in await self._list(region, kind) if name.startswith(f"{self.name}-")}
        assert shown == expected, f"{kind} in {region}: {shown ^ expected} are listed or not, wrongly"

    async def _list(self, region: str, kind: str) -> list[str]:
        names: list[str] = []
        location = self.locations[0 if region == _HERE else 1]
        url: str | None = self._path(kind).rstrip("/")
        while url is not None:
            page = (await self._ask(region, "GET", url, 200, kind=f"GET list of {kind}")).json()
            # What the other region has is shown too, as of a moment ago; the exact comparison is with who has it.
            names += [row["name"] for row in page["value"] if row["location"] == location]
            url = page.get("nextLink")
        return names

    async def _put(self, region: str, path: str, body: JsonObject, status: int) -> None:
        location = self.locations[0 if region == _HERE else 1]
        kind = path.rsplit("/", 2)[1].removesuffix("s")
        await self._ask(region, "PUT", path, status, body={"location": location, "tags": {"owner": self.name}, **body}, kind=f"PUT {kind}")
        self.told[region, path] = {"owner": self.name}

    async def _delete(self, region: str, path: str) -> None:
        kind = path.rsplit("/", 2)[1].removesuffix("s")
        answer = await self._ask(region, "DELETE", path, 200, 202, kind=f"DELETE {kind}")
        url = answer.headers.get("azure-asyncoperation")
        if url is not None:
            await self._until(lambda: self._ended(region, url), path)
        self.told[region, path] = GONE

    async def _until(self, is_so: Callable[[], Awaitable[bool]], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not await is_so():
            assert time.monotonic() < deadline, f"{what} does not end"
            await asyncio.sleep(_POLL_SECONDS)

    async def _ask(self, region: str, method: str, path: str, *statuses: int, body: JsonObject | None = None, kind: str) -> httpx.Response:
        client = self.here if region == _HERE else self.there
        url = path if "api-version=" in path else f"{path}{'&' if '?' in path else '?'}api-version={API_VERSION}"
        started = time.perf_counter()
        answer = await client.request(method, url, json=body)
        self.latencies.note(kind, answer.status_code, time.perf_counter() - started)
        assert answer.status_code in statuses, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def _path(self, kind: str, name: str = "") -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/default/providers/Microsoft.Compute/{kind}/{name}"

    def _file(self, name: str) -> str:
        path = self.pool / f"{name}.raw"
        with path.open("wb") as file:
            file.write(self.dice.randbytes(_DATA_BYTES))
            file.truncate(_DISK_BYTES)
        return str(path)


def _is_of(path: str, kind: str) -> bool:
    return path.rpartition("/")[0].endswith(f"/{kind}")
