"""One broker and controller in one process (KRaft). Its data is recreated at each start: PostgreSQL has the log."""

import base64
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
HOST: Final = "127.0.0.1"
ADDRESS: Final = "address"
HEAP: Final = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""For one small machine: the serial collector and the quick compiler leave the cores to the rest."""
PROPERTIES: Final = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
compression.type=producer
log.dirs={data}
"""


class BrokerMissing(RuntimeError):
    """Kafka's jars or Java are missing, or the broker cannot start."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} Next: {hint}" if hint else message)
        self.message = message
        self.hint = hint


class Broker:
    """The broker of one home, on two loopback ports."""

    def __init__(self, home: Path, port: int, controller: int) -> None:
        self.home = home / "kafka"
        self.port = port
        self.controller = controller

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def recreate(self) -> None:
        """Delete its data and format again. Call only while the broker is stopped. Raises `BrokerMissing`."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(mode=0o700, parents=True)
        words = PROPERTIES.format(host=HOST, port=self.port, controller=self.controller, data=self.home / "data")
        self._properties.write_text(words)
        (self.home / ADDRESS).write_text(self.address)
        self._run("kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(self._properties))

    def words(self) -> tuple[str, ...]:
        """The command line of the broker."""
        return self._java("kafka.Kafka", str(self._properties))

    @property
    def _properties(self) -> Path:
        return self.home / "server.properties"

    def _java(self, main: str, *arguments: str) -> tuple[str, ...]:
        logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
        return (java(), *HEAP, logging, "-cp", f"{jars()}/*", main, *arguments)

    def _run(self, main: str, *arguments: str) -> None:
        done = subprocess.run(self._java(main, *arguments), capture_output=True, text=True, check=False)
        if done.returncode:
            raise BrokerMissing(f"The broker's data could not be created: {done.stderr.strip()[-500:]}")


def address_in(home: Path) -> str:
    """The address of this home's broker, running or last run; Kafka's default where there never was one."""
    try:
        return (home / "kafka" / ADDRESS).read_text()
    except FileNotFoundError:
        return f"{HOST}:9092"


def is_wanted() -> bool:
    """Whether this install runs a broker of its own: the transport is Kafka and no cluster is configured."""
    return os.environ.get("PLACET_TRANSPORT") == "kafka" and not os.environ.get("PLACET_KAFKA_BOOTSTRAP_SERVERS")


def jars() -> Path:
    """Where `make kafka` puts the jars: under the prefix of this Python. Raises `BrokerMissing`."""
    folder = Path(sys.prefix) / "kafka" / "lib"
    if not folder.is_dir():
        raise BrokerMissing(f"Apache Kafka is not in {folder}.", "make kafka")
    return folder


def java() -> str:
    """Raises `BrokerMissing`."""
    found = shutil.which("java")
    if found is None:
        raise BrokerMissing("Java is missing.", "apt-get install default-jre-headless")
    return found


def _cluster_id() -> str:
    """16 bytes in Kafka's encoding, the first bit 0: a leading dash would be taken for an option."""
    first, *rest = uuid.uuid4().bytes
    return base64.urlsafe_b64encode(bytes([first & 0x7F, *rest])).decode().rstrip("=")
