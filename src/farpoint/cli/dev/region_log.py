"""What a region said last: why it ended, out of its log."""

from pathlib import Path

from farpoint.cli.documents import parse_object, text

#: Bytes of the log's end that are looked at.
_TAIL_BYTES = 16 << 10


def last_words(log: Path, *, since_bytes: int = 0) -> str:
    """Return the reason the log ends with: that of an event, or a traceback's last line; empty when it says nothing.

    Before *since_bytes* it is about earlier runs, whose reasons are not this one's.
    """
    try:
        with log.open("rb") as stream:
            stream.seek(max(since_bytes, log.stat().st_size - _TAIL_BYTES))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    last = next((line for line in reversed(lines) if line.strip()), "")
    event = parse_object(last.encode())
    return text(event, "reason") or text(event, "traceback").rpartition("\n")[2] or text(event, "action") or last.strip()
