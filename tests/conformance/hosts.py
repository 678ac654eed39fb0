"""Hosts on this machine: one network namespace each, connected to ours by a veth pair that can be cut.

A host reaches PostgreSQL and the broker through a proxy at our end: both listen on loopback alone. Kafka gives clients
its own address, so a second proxy listens at that address inside the host.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

CHUNK = 65_536
POSTGRES_PORT = 5432


@dataclass(frozen=True)
class Host:
    """`on`: command prefix that runs a command there. `dsn`: PostgreSQL as reached from there."""

    name: str
    number: int
    dsn: str

    @property
    def on(self) -> tuple[str, ...]:
        return ("nsenter", f"--net=/run/netns/{self.name}")  # `ip netns exec` mounts things, which no chroot allows

    @property
    def cable(self) -> str:
        """Our end of the veth pair."""
        return f"pl{os.getpid() % 100_000}n{self.number}"

    def cut_off(self) -> None:
        """Drop all traffic silently."""
        _ip("link", "set", self.cable, "down")

    def reconnect(self) -> None:
        _ip("link", "set", self.cable, "up")


def why_unavailable() -> str:
    """Why no host can be created; empty if one can."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    if shutil.which("ip") is None:
        return "`ip` is missing: apt-get install iproute2"
    made = subprocess.run(["ip", "netns", "add", f"try{os.getpid()}"], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", f"try{os.getpid()}"], capture_output=True, check=False)
    return made.stderr.strip()


@contextmanager
def hosts(count: int, dsn: str, broker: str) -> Iterator[list[Host]]:
    """Hosts for the duration of the block. `broker`: host:port on our loopback."""
    _delete_dead_hosts()
    made: list[Host] = []
    proxies = []
    try:
        for number in range(1, count + 1):
            made.append(Host(f"placet-{os.getpid()}-{number}", number, _seen_from(number, dsn)))
            _make(made[-1])
        for host in made:
            ours, _ = _addresses(host.number)
            port = broker.rpartition(":")[2]
            proxies += [
                _proxy((), f"{ours}:{POSTGRES_PORT}", _where(dsn)),
                _proxy((), f"{ours}:{port}", broker),
                _proxy(host.on, broker, f"{ours}:{port}"),
            ]
        yield made
    finally:
        for proxy in proxies:
            proxy.kill()
            proxy.wait()
        for host in made:
            subprocess.run(["ip", "netns", "del", host.name], check=False, capture_output=True)


def _delete_dead_hosts() -> None:
    """Delete the hosts of killed runs: they have the same addresses."""
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True).stdout
    for name in (line.split()[0] for line in listed.splitlines() if line.startswith("placet-")):
        if not psutil.pid_exists(int(name.split("-")[1])):
            _ip("netns", "del", name)


def _seen_from(number: int, dsn: str) -> str:
    """PostgreSQL as reached from that host."""
    return make_conninfo(dsn, host=_addresses(number)[0], port=POSTGRES_PORT)


def _make(host: Host) -> None:
    ours, theirs = _addresses(host.number)
    _ip("netns", "add", host.name)
    _ip("link", "add", host.cable, "type", "veth", "peer", "name", "cable", "netns", host.name)
    _ip("addr", "add", f"{ours}/30", "dev", host.cable)
    _ip("link", "set", host.cable, "up")
    for words in (f"addr add {theirs}/30 dev cable", "link set cable up", "link set lo up"):
        _ip(*words.split(), on=host.on)


def _addresses(number: int) -> tuple[str, str]:
    """Our address and the host's, from the documentation block, which no network uses."""
    return f"198.51.100.{4 * number + 1}", f"198.51.100.{4 * number + 2}"


def _where(dsn: str) -> str:
    """host:port, or the path of a socket."""
    with psycopg.connect(dsn) as connection:
        info = connection.info
        return f"{info.host}/.s.PGSQL.{info.port}" if info.host.startswith("/") else f"{info.host}:{info.port}"


def _ip(*words: str, on: tuple[str, ...] = ()) -> None:
    done = subprocess.run([*on, "ip", *words], check=False, capture_output=True, text=True)
    assert not done.returncode, f"ip {' '.join(words)}: {done.stderr.strip()}"


def _proxy(on: tuple[str, ...], listen: str, to: str) -> "subprocess.Popen[bytes]":
    made = subprocess.Popen([*on, sys.executable, str(Path(__file__)), listen, to], stdout=subprocess.PIPE)
    assert made.stdout
    with made.stdout as output:
        assert output.readline(), f"nothing listens on {listen}"
    return made


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(CHUNK):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            _no_more(end)


def _no_more(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        end.close()


def _connected(to: str) -> socket.socket:
    if to.startswith("/"):
        made = socket.socket(socket.AF_UNIX)
        made.connect(to)
        return made
    host, _, port = to.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def _serve(listen: str, to: str) -> None:
    host, _, port = listen.rpartition(":")
    server = socket.create_server((host, int(port)))
    sys.stdout.write("listens\n")
    sys.stdout.flush()
    while True:
        taken, _ = server.accept()
        try:
            out = _connected(to)
        except OSError:
            taken.close()
            continue
        out.settimeout(None)
        for pair in ((taken, out), (out, taken)):
            threading.Thread(target=_carry, args=pair, daemon=True).start()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
