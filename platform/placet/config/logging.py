"""One JSON object per log line. Values given to a message are written; the text of an exception is not."""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from placet.eventlog.store.log_context import ABOUT
from placet.eventlog.store.records import CAUSE


class LogLine(logging.Formatter):
    """An exception is told by its type and places: its text may quote what a person wrote.

    `correlation` is the id of the story, or of the request, that the line is about: `placet story` and the answer's
    `X-Request-Id` carry the same one.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "said": record.getMessage(),
        }
        if correlation := _correlation(record):
            line["correlation"] = correlation
        if record.exc_info and record.exc_info[0]:
            line["raised"] = record.exc_info[0].__name__
            line["at_lines"] = [f"{frame.filename}:{frame.lineno}" for frame in _frames(record)]
        return json.dumps(line, ensure_ascii=False)


def _correlation(record: logging.LogRecord) -> str:
    """What the code says, else what the request carries: Django tells of an answer after it has left our middleware."""
    if about := ABOUT.get():
        return about
    if cause := CAUSE.get():
        return cause.correlation_id
    return str(getattr(getattr(record, "request", None), "placet_id", ""))


def _frames(record: logging.LogRecord) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(record.exc_info[2])) if record.exc_info else []
