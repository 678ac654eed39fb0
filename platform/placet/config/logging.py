"""One JSON object per log line, under OpenTelemetry field names."""

import logging
import traceback
from datetime import UTC, datetime
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter

from placet.eventlog.store.log_context import ABOUT
from placet.eventlog.store.records import CAUSE

SERVICE: Final = "placet"


class LogLine(JsonFormatter):
    """Writes the fields named here and no other.

    An exception is written as its type and code locations: its text may quote what a person wrote. For the same reason
    neither `extra` nor the attributes that Django adds to a record (the request, the address) are written. The value of
    `correlation_id` is the id of the generation, or of the request, that the line is about: the `X-Request-Id` of its
    response.
    """

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:  # noqa: ARG002  it holds the exception's text
        """Replaces the library's own, which merges the text of the exception and every `extra`."""
        log_data["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data["severity_text"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.getMessage()
        log_data["service.name"] = SERVICE
        log_data["process.pid"] = record.process
        if correlation_id := _correlation_id(record):
            log_data["correlation_id"] = correlation_id
        if record.exc_info and record.exc_info[0]:
            frames = traceback.extract_tb(record.exc_info[2])
            log_data["exception.type"] = record.exc_info[0].__name__
            log_data["exception.stacktrace"] = "\n".join(f"{frame.filename}:{frame.lineno}" for frame in frames)


def _correlation_id(record: logging.LogRecord) -> str:
    """From the code's own context, else from the request: Django logs a response after it has left our middleware."""
    if about := ABOUT.get():
        return about
    if cause := CAUSE.get():
        return cause.correlation_id
    return str(getattr(getattr(record, "request", None), "placet_id", ""))
