"""Logs as JSON lines on stderr: one event per line, ``action`` in snake_case, then its fields.

Fields are given with ``logger.info("copy_published", extra={"operation": …})``. Never a key, a token or plaintext: callers see to it.
"""

import datetime as dt
import json
import logging
import sys
from typing import TextIO

#: What every record has; the rest of its attributes are the event's fields.
_RECORD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLineFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, object] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "action": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _RECORD_ATTRIBUTES and name not in line}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def install_json_log(*, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send all logs of this process to *stream*, by default stderr; replaces what was installed before."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonLineFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
