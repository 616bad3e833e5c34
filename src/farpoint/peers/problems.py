"""Errors on the wire: what went wrong at one region, raised again at the other as the same kind of error."""

from collections.abc import Callable, Mapping
from typing import Final

from farpoint.errors import Code, FarpointError, HoldLostError, IntegrityError, Place, RefusedError, UnavailableError
from farpoint.model.documents import JsonObject
from farpoint.peers.documents import Fields

#: HTTP statuses by what the caller does about it; the kind in the body decides, the status is for people and proxies.
_KINDS: Final[tuple[tuple[type[FarpointError], str, int], ...]] = (
    (HoldLostError, "holdLost", 410),
    (IntegrityError, "integrity", 422),
    (UnavailableError, "unavailable", 503),
    (RefusedError, "refused", 400),
)
_STATUS_OF_CODE: Final[Mapping[Code, int]] = {
    Code.PEER_UNTRUSTED: 403,
    Code.AUTHENTICATION_FAILED: 403,
    Code.AUTHORIZATION_FAILED: 403,
    Code.COPY_SOURCE_NOT_FOUND: 404,
    Code.CONFLICT: 409,
}
#: Anything else (a full disk, a bug) may be put right at the peer, so the caller waits.
_OTHER = ("unavailable", 503)


def problem_to_json(error: FarpointError) -> JsonObject:
    """Write *error*: its kind, code, sentence, hint and place."""
    place = error.place
    where: JsonObject = {
        "disk": place.disk,
        "offsetBytes": place.offset_bytes,
        "lengthBytes": place.length_bytes,
        "pack": place.pack,
        "frame": place.frame,
    }
    return {"kind": _kind(error)[0], "code": error.code.value, "message": error.message, "hint": error.hint, "place": where}


def status_of(error: FarpointError) -> int:
    """Return the HTTP status that goes with *error*."""
    return _STATUS_OF_CODE.get(error.code, _kind(error)[1])


def _kind(error: FarpointError) -> tuple[str, int]:
    for cls, kind, status in _KINDS:
        if isinstance(error, cls):
            return kind, status
    return _OTHER


def problem_from_json(fields: Fields, *, peer: str) -> FarpointError:
    """Make the error that *peer* reported; raise ValueError when the report is malformed."""
    kind = fields.text("kind")
    message = f"region {peer} says: {fields.text('message', length_max=1 << 16)}"
    make = _MAKERS.get(kind, _refused)
    hint = fields.document.get("hint")
    return make(_code(fields.text("code")), message, hint if isinstance(hint, str) else "", _place(fields.inner_or_none("place")))


def _code(text: str) -> Code:
    try:
        return Code(text)
    except ValueError:
        # A newer region may know codes that this one does not.
        return Code.PEER_REFUSED


def _place(fields: Fields | None) -> Place:
    if fields is None:
        return Place()
    return Place(
        disk=fields.text_or_empty("disk") or None,
        offset_bytes=_whole_or_none(fields, "offsetBytes"),
        length_bytes=_whole_or_none(fields, "lengthBytes"),
        pack=fields.text_or_empty("pack") or None,
        frame=_whole_or_none(fields, "frame"),
    )


def _whole_or_none(fields: Fields, name: str) -> int | None:
    return None if fields.document.get(name) is None else fields.whole(name)


def _refused(code: Code, message: str, hint: str, place: Place) -> FarpointError:
    return RefusedError(code, message, hint=hint, place=place)


def _unavailable(code: Code, message: str, hint: str, place: Place) -> FarpointError:
    # What keeps the peer from answering is its own; for us it is a peer that does not answer now, and worth waiting for.
    known = code if code is Code.RESTORE_POINT_NOT_READY else Code.PEER_UNAVAILABLE
    return UnavailableError(known, message, hint=hint, place=place)


def _integrity(_code: Code, message: str, hint: str, place: Place) -> FarpointError:
    return IntegrityError(message, hint=hint, place=place)


def _hold_lost(_code: Code, message: str, _hint: str, _place: Place) -> FarpointError:
    return HoldLostError(message)


_MAKERS: Final[Mapping[str, Callable[[Code, str, str, Place], FarpointError]]] = {
    "holdLost": _hold_lost,
    "integrity": _integrity,
    "unavailable": _unavailable,
    "refused": _refused,
}
