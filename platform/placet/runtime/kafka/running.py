"""A broker for the time of a block: for benchmarks and tests. `make up` runs its own under the supervisor."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from placet.runtime.kafka.broker import Broker, BrokerMissing
from placet.runtime.supervisor.ports import is_free, next_free

FIRST_PORT: Final = 29_092
START_SECONDS: Final = 60.0


class RunningBroker:
    """A broker that can be killed and started again on its existing data."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when the broker listens. Raises `BrokerMissing`."""
        with (self.broker.home / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(self.broker.words(), stdout=log, stderr=log)
        until = time.monotonic() + START_SECONDS
        while is_free(self.broker.port):  # by its port: a client that fails to connect leaves its socket open
            if self.process.poll() is not None or time.monotonic() > until:
                raise BrokerMissing(f"The broker did not start. See {self.broker.home / 'broker.log'}.")
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill with SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def running_broker(home: Path, first_port: int = FIRST_PORT) -> Iterator[RunningBroker]:
    """On free ports from `first_port` on, with new data in `home/kafka`. Raises `BrokerMissing`."""
    port = next_free(first_port)
    running = RunningBroker(Broker(home, port, next_free(port + 1)))
    running.broker.recreate()
    running.start()
    try:
        yield running
    finally:
        running.kill()
