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
    """Waits until its process has ended, without collecting it."""
    os.waitid(os.P_PID, one.pid, os.WEXITED | os.WNOWAIT)


def pauses(one: ManagedProcess, times: int) -> list[float]:
    """Seconds that it waited before each start, on the test's own clock."""
    now, found = 0.0, []
    one.check(now)
    for _ in range(times):
        ended(one)
        since = now
        while not one.check(now):
            now += 0.01
        found.append(now - since)
    return found


def test_a_child_that_dies_at_once_waits_longer_each_time(one: ManagedProcess) -> None:
    assert pauses(one, 7) == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0], abs=0.02)
    assert one.restarts == 7


def test_a_child_that_lived_starts_with_the_first_pause(one: ManagedProcess) -> None:
    pauses(one, 4)
    ended(one)
    assert not one.check(60.0)
    assert one.check(60.21)


def test_a_child_that_ignores_the_stop_signal_is_killed(tmp_path: Path) -> None:
    stubborn = ("bash", "-c", "trap '' TERM; echo deaf; while true; do sleep 1; done")
    one = ManagedProcess(Child("stubborn", stubborn), tmp_path / "stubborn.log", dict(os.environ))
    one.check(0.0)
    while not one.log.read_text():
        time.sleep(0.01)
    one.request_stop()
    one.force_stop(time.monotonic() + 0.2)
    assert one.pid == 0


def test_three_logs_of_earlier_starts_are_kept(tmp_path: Path) -> None:
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
