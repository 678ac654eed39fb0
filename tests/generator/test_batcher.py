import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from generator.engines.diffusion.batcher import DynamicBatcher, StepCallback

WIDE = 5.0
"""Seconds that a busy machine may take to bring two threads together."""


def silent(_step: int) -> None:
    """Ignores the step."""


class Kitchen:
    """Answers each call in capitals; `released` keeps it at its first step until it is set."""

    def __init__(self, count: int, window: float = 0.0, steps: int = 2) -> None:
        self.asked: list[list[str]] = []
        self.steps, self.released, self.at_work = steps, threading.Event(), threading.Event()
        self.released.set()
        self.batcher: DynamicBatcher[str, str] = DynamicBatcher(lambda _: count, self._answer, window)

    def _answer(self, calls: Sequence[str], stepped: StepCallback) -> list[str]:
        self.asked.append(list(calls))
        for step in range(self.steps):
            self.at_work.set()
            assert self.released.wait(WIDE)
            stepped(step + 1)
        return [call.upper() for call in calls]

    def take(
        self, call: str, kind: str = "soup", on_step: StepCallback = silent, on_wait: StepCallback = silent
    ) -> str:
        return self.batcher.submit(kind, call, on_step, on_wait)


def together(*orders: Callable[[], str]) -> list[Future[str]]:
    with ThreadPoolExecutor(len(orders)) as pool:
        return [pool.submit(order) for order in orders]


def test_calls_within_the_window_run_as_one_batch() -> None:
    kitchen = Kitchen(3, WIDE)
    found = together(*(lambda call=call: kitchen.take(call) for call in "abc"))
    assert [one.result() for one in found] == ["A", "B", "C"]
    assert [sorted(calls) for calls in kitchen.asked] == [["a", "b", "c"]]


def test_copies_fill_empty_slots_so_the_batch_is_full() -> None:
    kitchen = Kitchen(4)
    assert kitchen.take("a") == "A"
    assert kitchen.asked == [["a", "a", "a", "a"]]


def test_calls_of_different_kinds_run_in_separate_batches() -> None:
    kitchen = Kitchen(2, 0.05)
    found = together(lambda: kitchen.take("a", "soup"), lambda: kitchen.take("b", "cake"))
    assert [one.result() for one in found] == ["A", "B"]
    assert sorted(kitchen.asked) == [["a", "a"], ["b", "b"]]


def test_a_caller_that_leaves_does_not_stop_the_others() -> None:
    kitchen = Kitchen(2, WIDE)

    def leave(step: int) -> None:
        raise PermissionError(f"left after step {step}")

    stays, left = together(lambda: kitchen.take("a"), lambda: kitchen.take("b", on_step=leave))
    assert stays.result() == "A"
    with pytest.raises(PermissionError, match="after step 1"):
        left.result()


def test_a_batch_without_callers_is_abandoned() -> None:
    kitchen, steps = Kitchen(1, steps=9), []

    def leave(step: int) -> None:
        steps.append(step)
        raise PermissionError

    with pytest.raises(PermissionError):
        kitchen.take("a", on_step=leave)
    assert steps == [1]
    assert kitchen.take("b") == "B"


def test_a_waiting_caller_sees_other_steps_and_may_leave() -> None:
    kitchen, heard = Kitchen(1), threading.Event()
    kitchen.released.clear()

    def impatient(_steps: int) -> None:
        heard.set()
        raise TimeoutError

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kitchen.take, "a")
        assert kitchen.at_work.wait(WIDE)
        second = pool.submit(kitchen.take, "b", on_wait=impatient)
        assert heard.wait(WIDE)
        kitchen.released.set()
        assert first.result() == "A"
        with pytest.raises(TimeoutError):
            second.result()
    assert kitchen.asked == [["a"]]


def test_an_error_fails_its_whole_batch_and_no_later_one() -> None:
    def answer(calls: Sequence[str], stepped: StepCallback) -> list[str]:
        if "bad" in calls:
            raise MemoryError
        return list(calls)

    batcher: DynamicBatcher[str, str] = DynamicBatcher(lambda _: 2, answer, WIDE)

    def both(*calls: str) -> list[Future[str]]:
        return together(*(lambda call=call: batcher.submit("", call, silent, silent) for call in calls))

    for one in both("good", "bad"):
        with pytest.raises(MemoryError):
            one.result()
    assert [one.result() for one in both("c", "d")] == ["c", "d"]
