"""What else a request touches than the resource it names: the resources its body refers to, and what it may overwrite.

A body names resources by ARM id, wherever it likes: the source of a copy, the disk restore point of a restore, a VM's disks. Each must
be one that the caller may use so, or somebody could read through a resource of their own what they may not read themselves.
"""

import json
from collections.abc import Iterator
from typing import Final

from farpoint.model.actions import Need, Requested, spelled
from farpoint.model.arm_id import ArmId, parse_arm_id
from farpoint.services.authority import Authority

#: Where an id stands for a disk that the request takes for its VM. A disk that it lets go is the VM's to let go.
_TAKING: Final = frozenset({"managedDisk", "dataDisksToAttach"})
#: Keys of an id that say nothing of what it is for; the one above does.
_PLAIN: Final = frozenset({"id", "diskId"})
#: Free text, which may look like anything.
_TEXTS: Final = frozenset({"tags", "description"})
_DISK_WRITE: Final = "microsoft.compute/disks/write"


def require_links(authority: Authority, asked: Requested, body: bytes) -> None:
    """Refuse a body that names what the caller may not use. What is wrong with the body itself is for its reader to say."""
    try:
        document: object = json.loads(body) if body else None
        links = dict.fromkeys(_links_in(document, under=""))
    except (ValueError, RecursionError):
        return
    for arm_id, verb in links:
        kind = "/".join((spelled(arm_id.namespace), *(spelled(segment) for segment, _ in arm_id.path)))
        authority.require_linked(asked, action=f"{kind}/{verb}", scope=str(arm_id))
    if asked.action.lower() == _DISK_WRITE and _overwrites(document):
        # What is at the path is gone afterwards, so to say so takes the right to delete.
        authority.require(Requested(need=Need.HERE, action="Microsoft.Compute/disks/delete", scope=asked.scope))


def _links_in(value: object, *, under: str) -> Iterator[tuple[ArmId, str]]:
    """Yield each compute resource that is named, with what is done to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _TEXTS:
                yield from _links_in(inner, under=under if key in _PLAIN else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _links_in(inner, under=under)
    elif isinstance(value, str) and value.startswith("/"):
        arm_id = _compute_id(value)
        if arm_id is not None:
            yield arm_id, "write" if under in _TAKING else "read"


def _compute_id(text: str) -> ArmId | None:
    try:
        arm_id = parse_arm_id(text)
    except ValueError:
        return None
    return arm_id if arm_id.namespace.lower() == "microsoft.compute" else None


def _overwrites(document: object) -> bool:
    for key in ("properties", "farpoint", "overwrite"):
        document = document.get(key) if isinstance(document, dict) else None
    return document is True
