"""The sandbox from inside: enters it as the child does, then tries everything that must be refused."""

import json
import subprocess
import sys

import pytest

TRY = """
import json, os, resource, socket
from placet.media.sandbox import enter_sandbox
namespace = os.readlink("/proc/self/ns/net")
enter_sandbox(64 << 20, 20)
def tried(what):
    try:
        what()
        return "done"
    except BaseException as error:
        return type(error).__name__
def after_closing_all():
    os.close(0)
    os.open("/etc/passwd", os.O_RDONLY)
print(json.dumps({
    "socket": tried(socket.socket),
    "open": tried(lambda: open("/etc/passwd")),
    "open into a freed place": tried(after_closing_all),
    "write a file": tried(lambda: os.open("/tmp/x", os.O_CREAT)),
    "pipe": tried(os.pipe),
    "raise the limit": tried(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))),
    "take memory": tried(lambda: bytearray(256 << 20)),
    "import": tried(lambda: __import__("sqlite3")),
}))
"""


@pytest.fixture(scope="module")
def tried() -> dict[str, str]:
    child = subprocess.run([sys.executable, "-I", "-c", TRY], capture_output=True, check=True, timeout=30)
    found: dict[str, str] = json.loads(child.stdout)
    return found


@pytest.mark.parametrize(
    "act", ["socket", "open", "open into a freed place", "write a file", "pipe", "raise the limit", "import"]
)
def test_a_sandboxed_process_cannot(act: str, tried: dict[str, str]) -> None:
    assert tried[act] in {"OSError", "ValueError", "PermissionError"}


def test_a_sandboxed_process_gets_no_more_memory_than_its_limit(tried: dict[str, str]) -> None:
    assert tried["take memory"] == "MemoryError"


@pytest.mark.promise("P8")
def test_nothing_is_parsed_if_a_limit_is_refused() -> None:
    refused = TRY.split("namespace", maxsplit=1)[0].replace(
        "import json",
        "import resource\nresource.setrlimit = lambda *_: (_ for _ in ()).throw(OSError('no'))\nimport json",
    )
    script = f"{refused}\ntry:\n    enter_sandbox(1, 1)\nexcept Exception as error:\n    print(error.code)"
    child = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, check=True, timeout=30)
    assert child.stdout.strip() == b"sandbox_unavailable"
