import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from placet.runtime.supervisor.managed_process import ManagedProcess, rotate
from placet.runtime.supervisor.process_table import Child


@pytest.fixture
def one(tmp_path: Path) -> Iterator[ManagedProcess]:
    made = ManagedProcess(Child("brief", ("true",)), tmp_path / "brief.log", dict(os.environ))
    yield made
    made.force_stop(time.monotonic() + 5)


def ended(one: ManagedProcess) -> None:
    """Its process is over, though nobody has looked yet."""
    os.waitid(os.P_PID, one.pid, os.WEXITED | os.WNOWAIT)


def pauses(one: ManagedProcess, times: int) -> list[float]:
    """How long it waited before each start, on a clock of the test's own."""
    now, found = 0.0, []
    one.check(now)
    for _ in range(times):
        ended(one)
        since = now
        while not one.check(now):
            now += 0.01
        found.append(now - since)
    return found


def test_who_dies_at_once_waits_longer_each_time(one: ManagedProcess) -> None:
    assert pauses(one, 7) == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0], abs=0.02)
    assert one.restarts == 7


def test_who_lived_begins_again_with_the_first_pause(one: ManagedProcess) -> None:
    pauses(one, 4)
    ended(one)
    assert not one.check(60.0)
    assert one.check(60.21)


def test_what_ignores_the_request_to_end_is_ended_by_force(tmp_path: Path) -> None:
    stubborn = ("bash", "-c", "trap '' TERM; echo deaf; while true; do sleep 1; done")
    one = ManagedProcess(Child("stubborn", stubborn), tmp_path / "stubborn.log", dict(os.environ))
    one.check(0.0)
    while not one.log.read_text():
        time.sleep(0.01)
    one.request_stop()
    one.force_stop(time.monotonic() + 0.2)
    assert one.pid == 0


def test_logs_of_earlier_starts_are_kept_three_deep(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for start in range(6):
        rotate(log)
        log.write_text(str(start))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "web.log": "5",
        "web.log.1": "4",
        "web.log.2": "3",
        "web.log.3": "2",
    }
