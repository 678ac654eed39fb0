"""Child process: imports, enters the sandbox, reads one untrusted file from standard input, answers and exits."""

import importlib
import json
import sys
from typing import Any, Final

from placet.media.errors import SandboxUnavailable, UnreadableMedia
from placet.media.sandbox import enter_sandbox
from placet.media.sandbox_protocol import pack

OPERATIONS: Final = {
    "normalise_image": "placet.media.images",
    "probe": "placet.media.clips",
    "read_frames": "placet.media.clips",
    "read_clip": "placet.media.clips",
    "measure": "placet.media.clip_metrics",
}


def answer(name: str, arguments: dict[str, Any], memory_bytes: int, cpu_seconds: int) -> bytes:
    operation = getattr(importlib.import_module(OPERATIONS[name]), name)
    try:
        enter_sandbox(memory_bytes, cpu_seconds)
        facts, payload = operation(sys.stdin.buffer.read(), **arguments)
        return pack(facts, payload)
    except SandboxUnavailable as error:
        return pack({"not_closed_in": str(error.args[0])})
    except UnreadableMedia as error:
        return pack({"refused": error.code, "message": str(error.args[0])})
    except MemoryError:
        return pack({"refused": "media_out_of_memory", "message": ""})


if __name__ == "__main__":
    sys.stdout.buffer.write(answer(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
    sys.stdout.buffer.flush()
