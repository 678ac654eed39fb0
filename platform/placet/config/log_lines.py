"""One JSON object per log line. Values given to a message are written; the text of an exception is not."""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any


class LogLine(logging.Formatter):
    """An exception is told by its type and places: its text may quote what a person wrote."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "said": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            line["raised"] = record.exc_info[0].__name__
            line["at_lines"] = [f"{frame.filename}:{frame.lineno}" for frame in _frames(record)]
        return json.dumps(line, ensure_ascii=False)


def _frames(record: logging.LogRecord) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(record.exc_info[2])) if record.exc_info else []
