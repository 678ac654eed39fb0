"""A worker that kills itself when its first job enters a phase: `dying_worker.py ENGINE PHASE`."""

import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

if __name__ == "__main__":
    import django

    django.setup()
    from django.conf import settings

    from generator.job import Job
    from placet.processes import services

    settings.PLACET_DEFAULT_ENGINE, phase = sys.argv[1:]
    original = Job.progress

    def progress(job: Job, name: str, done_0_1: float) -> None:
        original(job, name, done_0_1)
        if name == phase:
            os.kill(os.getpid(), signal.SIGKILL)

    Job.progress = progress  # type: ignore[assignment, method-assign]
    services.generator()
