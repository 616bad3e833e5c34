"""Moments as text: ISO 8601 in UTC with microseconds, so that text order is time order."""

import datetime as dt


def encode_moment(moment: dt.datetime) -> str:
    """Write *moment* as ``2026-05-09T07:35:25.000123Z``; raise ValueError when it has no time zone."""
    if moment.tzinfo is None:
        message = f"the moment {moment} has no time zone"
        raise ValueError(message)
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def decode_moment(text: str) -> dt.datetime:
    """Read what encode_moment wrote."""
    return dt.datetime.fromisoformat(text)
