"""Conditions on a request: about the blob's entity tag, time and sequence number."""

import datetime as dt
from email.utils import parsedate_to_datetime

from attrs import frozen
from starlette.datastructures import Headers

from farpoint.api.blob.call import BlobCall, refuse_header
from farpoint.errors import Code, RefusedError
from farpoint.services.blobs import BlobVersion

_ANY = "*"
_SEQUENCE = "x-ms-if-sequence-number-"


@frozen(kw_only=True)
class Conditions:
    """What the blob must be like; a field is None when nothing was asked."""

    match: str | None
    none_match: str | None
    modified_since: dt.datetime | None
    unmodified_since: dt.datetime | None
    sequence_at_most: int | None
    sequence_below: int | None
    sequence_equal: int | None

    @classmethod
    def of(cls, call: BlobCall) -> "Conditions":
        """Read the request's conditions."""
        headers = call.headers
        return cls(
            match=headers.get("if-match"),
            none_match=headers.get("if-none-match"),
            modified_since=_moment(headers, "if-modified-since"),
            unmodified_since=_moment(headers, "if-unmodified-since"),
            sequence_at_most=_number(call, f"{_SEQUENCE}le"),
            sequence_below=_number(call, f"{_SEQUENCE}lt"),
            sequence_equal=_number(call, f"{_SEQUENCE}eq"),
        )

    def check_for_write(self, version: BlobVersion) -> None:
        """Raise RefusedError unless all are met."""
        self.check(version)
        if self.is_known(version):
            raise _not_met()

    def check(self, version: BlobVersion) -> None:
        """Raise RefusedError unless the blob is what the client takes it to be; is_known() is asked beside it."""
        if self.match is not None and not _names(self.match, version.etag):
            raise _not_met()
        if self.unmodified_since is not None and self.match is None and _seconds(version.modified_at) > self.unmodified_since:
            raise _not_met()
        number = version.sequence_number
        met = (
            self.sequence_at_most is None or number <= self.sequence_at_most,
            self.sequence_below is None or number < self.sequence_below,
            self.sequence_equal is None or number == self.sequence_equal,
        )
        if not all(met):
            message = "The sequence number condition specified was not met."
            raise RefusedError(Code.SEQUENCE_CONDITION_NOT_MET, message, hint=f"It is {number}.")

    def is_known(self, version: BlobVersion) -> bool:
        """Tell whether the client has these contents already: a read is answered by 304."""
        if self.none_match is not None:
            return _names(self.none_match, version.etag)
        return self.modified_since is not None and _seconds(version.modified_at) <= self.modified_since


def _names(tags: str, etag: str) -> bool:
    """Tell whether a list of entity tags names this one; weak ones and clients that drop the quotes are met halfway."""
    bare = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
    return _ANY in bare or etag.strip('"') in bare


def _moment(headers: Headers, name: str) -> dt.datetime | None:
    text = headers.get(name)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        refuse_header(name, text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _number(call: BlobCall, name: str) -> int | None:
    return call.number(name, 0) if name in call.headers else None


def _seconds(moment: dt.datetime) -> dt.datetime:
    """Return the moment as a header can show it."""
    return moment.replace(microsecond=0)


def _not_met() -> RefusedError:
    message = "The condition specified using HTTP conditional header(s) is not met."
    return RefusedError(Code.CONDITION_NOT_MET, message, hint="The blob has changed since, or is another one.")
