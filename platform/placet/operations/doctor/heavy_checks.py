"""Checks that load heavy libraries or may leave sockets open: each in a Python process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Final, Literal

SECONDS: Final = 90
Answer = tuple[str, Literal["ok", "warning", "failed"], str, str]


@dataclass(frozen=True)
class Probe:
    """`script` prints one JSON list: whether it works, and the message."""

    script: str
    if_absent: Literal["warning", "failed"]
    hint: str


PROBES: Final = {
    "Codecs": Probe(
        "import av, json; have = [n for n in ('libx264', 'aac') if n in av.codecs_available];"
        "print(json.dumps([len(have) == 2, f'PyAV {av.__version__}: ' + ', '.join(have)]))",
        "failed",
        "make setup",
    ),
    "Models": Probe(
        "import json, torch, torchvision; gpu = torch.cuda.is_available();"
        "device = torch.cuda.get_device_name(0) if gpu else f'CPU, {torch.get_num_threads()} threads';"
        "print(json.dumps([True, f'torch {torch.__version__} on {device}']))",
        "warning",
        "make setup",
    ),
    "Faces": Probe(
        "import json, dlib, face_recognition; print(json.dumps([True, f'dlib {dlib.__version__}']))",
        "warning",
        "make setup",
    ),
    "Kafka": Probe(
        """
import django, json
django.setup()
from placet.eventlog.transports.kafka import KafkaCluster, KafkaUnavailable
cluster = KafkaCluster.of_settings()
at = "at " + ", ".join(cluster.servers)
try:
    print(json.dumps([True, f"cluster {cluster.cluster_id()} answers {at}"]))
except KafkaUnavailable:
    print(json.dumps([False, f"no response {at}"]))
""",
        "failed",
        "start the brokers that PLACET_KAFKA_BOOTSTRAP_SERVERS names",
    ),
}


def run_probe(name: str) -> Answer:
    """Run one probe. Anything that goes wrong in it is a finding, never an error here."""
    probe = PROBES[name]
    words = [sys.executable, "-W", "ignore", "-c", probe.script]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return name, probe.if_absent, f"no response within {SECONDS} s", probe.hint
    try:
        is_working, message = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return name, probe.if_absent, (done.stderr.strip().splitlines() or ["it ended without output"])[-1], probe.hint
    return (name, "ok", message, "") if is_working else (name, probe.if_absent, message, probe.hint)
