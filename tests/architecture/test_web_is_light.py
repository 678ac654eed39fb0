"""The web processes never load model libraries: a request must not wait for them, nor memory be paid for twice."""

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "torchvision", "face_recognition", "dlib", "sentence_transformers", "open_clip", "diffusers"}
SCRIPT = """
import json, sys, psutil
import {module}
if {serves}:
    from django.urls import get_resolver
    get_resolver().url_patterns
print(json.dumps([sorted(name.split(".")[0] for name in sys.modules), psutil.Process().memory_info().rss]))
"""


@pytest.mark.parametrize("module", ["placet.web.wsgi", "placet.web.asgi", "placet.runtime.supervisor.supervisor"])
def test_it_imports_no_model_library(module: str) -> None:
    command = [
        sys.executable,
        "-c",
        SCRIPT.format(module=module, serves=module != "placet.runtime.supervisor.supervisor"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    names, rss_bytes = json.loads(done.stdout.splitlines()[-1])
    print(f"{module}: {rss_bytes / 2**20:.0f} MB")  # noqa: T201 - shown with -s
    assert HEAVY.isdisjoint(names)
    assert rss_bytes < 150 * 2**20
