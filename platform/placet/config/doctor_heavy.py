"""Checks that must load heavy libraries: each in a Python process of its own, so that the doctor stays small."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Final, Literal

SECONDS: Final = 90
Answer = tuple[str, Literal["ok", "warning", "failed"], str, str]


@dataclass(frozen=True)
class Probe:
    """`script` prints one JSON list: is it well, and what to tell."""

    script: str
    if_absent: Literal["warning", "failed"]
    mend: str


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
        "import json, os; from kafka import KafkaAdminClient;"
        "at = os.environ.get('PLACET_KAFKA', '127.0.0.1:9092');"
        "admin = KafkaAdminClient(bootstrap_servers=at, request_timeout_ms=5000); admin.close();"
        "print(json.dumps([True, f'answers at {at}']))",
        "failed",
        "start the broker that PLACET_KAFKA names, or unset PLACET_TRANSPORT",
    ),
}


def look(name: str) -> Answer:
    """Run one probe. Whatever goes wrong in it is a finding, never an error here."""
    probe = PROBES[name]
    words = [sys.executable, "-W", "ignore", "-c", probe.script]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return name, probe.if_absent, f"no answer within {SECONDS} s", probe.mend
    try:
        is_well, told = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return name, probe.if_absent, (done.stderr.strip().splitlines() or ["it ended without a word"])[-1], probe.mend
    return (name, "ok", told, "") if is_well else (name, probe.if_absent, told, probe.mend)
