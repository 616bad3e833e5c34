"""Progress, failures and documents as JSON text, without loss.

Everything outside ASCII is escaped: unlike plain UTF-8 this also carries the lone surrogates by which Python
names files whose names are not UTF-8, and a failure that names such a file must be recordable.
"""

import json
from typing import cast

from farpoint.errors import Cause, Place
from farpoint.metadata.moments import decode_moment, encode_moment
from farpoint.model.documents import JsonObject
from farpoint.model.operations import DiskProgress, Failure, Progress


def encode_document(document: JsonObject) -> str:
    """Write *document* in the order it is in, as it will be shown again; NaN and infinity are refused with ValueError."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def decode_document(text: str) -> JsonObject:
    """Read what encode_document wrote."""
    return cast("JsonObject", json.loads(text))


def encode_texts(texts: tuple[str, ...]) -> str:
    """Write a list of strings."""
    return json.dumps(texts, separators=(",", ":"))


def decode_texts(text: str) -> tuple[str, ...]:
    """Read what encode_texts wrote."""
    return tuple(cast("list[str]", json.loads(text)))


def encode_failure(failure: Failure) -> str:
    """Write every field of *failure*."""
    place = failure.place
    return encode_document(
        {
            "code": failure.code,
            "message": failure.message,
            "hint": failure.hint,
            "cause": failure.cause.value,
            "percent": failure.percent,
            "attempts": failure.attempts,
            "bytesSafe": failure.bytes_safe,
            "place": {
                "disk": place.disk,
                "offsetBytes": place.offset_bytes,
                "lengthBytes": place.length_bytes,
                "pack": place.pack,
                "frame": place.frame,
            },
        }
    )


def decode_failure(text: str) -> Failure:
    """Read what encode_failure wrote."""
    fields = json.loads(text)
    place = fields["place"]
    return Failure(
        code=fields["code"],
        message=fields["message"],
        hint=fields["hint"],
        cause=Cause(fields["cause"]),
        percent=fields["percent"],
        attempts=fields["attempts"],
        bytes_safe=fields["bytesSafe"],
        place=Place(
            disk=place["disk"],
            offset_bytes=place["offsetBytes"],
            length_bytes=place["lengthBytes"],
            pack=place["pack"],
            frame=place["frame"],
        ),
    )


def encode_progress(progress: Progress) -> str:
    """Write every field of *progress*."""
    return encode_document(
        {
            "step": progress.step,
            "waiting": progress.waiting,
            "planned": progress.planned,
            "disks": [{"disk": one.disk, "bytesTotal": one.bytes_total, "bytesDone": one.bytes_done} for one in progress.disks],
            "bytesPerSecond": progress.bytes_per_second,
            "wireBytes": progress.wire_bytes,
            "storedBytes": progress.stored_bytes,
            "readBytes": progress.read_bytes,
            "notes": list(progress.notes),
            "updatedAt": None if progress.updated_at is None else encode_moment(progress.updated_at),
            "percentFloor": progress.percent_floor,
        }
    )


def decode_progress(text: str) -> Progress:
    """Read what encode_progress wrote."""
    fields = json.loads(text)
    disks = tuple(DiskProgress(disk=one["disk"], bytes_total=one["bytesTotal"], bytes_done=one["bytesDone"]) for one in fields["disks"])
    updated_at = fields["updatedAt"]
    return Progress(
        step=fields["step"],
        waiting=fields["waiting"],
        planned=fields["planned"],
        disks=disks,
        bytes_per_second=fields["bytesPerSecond"],
        wire_bytes=fields["wireBytes"],
        stored_bytes=fields["storedBytes"],
        read_bytes=fields["readBytes"],
        # Rows of older versions have none.
        notes=tuple(fields.get("notes", ())),
        updated_at=None if updated_at is None else decode_moment(updated_at),
        percent_floor=fields["percentFloor"],
    )
