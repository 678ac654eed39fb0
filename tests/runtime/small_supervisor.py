"""Run as a script: a supervisor with the real pages and one sleeper, so that no test loads a model."""

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from placet.runtime.kafka.broker import Broker
from placet.runtime.supervisor.process_table import Child, Ports, children
from placet.runtime.supervisor.state import SupervisorState
from placet.runtime.supervisor.supervisor import Supervisor


def small_table(ports: Ports, _broker: Broker | None) -> tuple[Child, ...]:
    sleeper = Child("sleeper", (sys.executable, "-c", "import time; time.sleep(600)"))
    return children(ports)[0], sleeper


def report(line: str) -> None:
    print(json.dumps({"line": line}), flush=True)  # noqa: T201 - the test reads it


def ready(state: SupervisorState) -> None:
    print(json.dumps(asdict(state)), flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    supervisor = Supervisor(Path(sys.argv[1]), first_port=int(sys.argv[2]), table=small_table)
    signal.signal(signal.SIGTERM, lambda *_: supervisor.stop())
    supervisor.run(report, ready)
