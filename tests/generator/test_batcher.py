import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from generator.engines.diffusion.batcher import DynamicBatcher, Stepped

WIDE = 5.0
"""Seconds that a busy machine may take to bring two threads together."""


def silent(_step: int) -> None:
    """Nobody listens."""


class Kitchen:
    """Answers with what was asked, in capitals; `held` keeps it at its first step until told to go on."""

    def __init__(self, count: int, window: float = 0.0, steps: int = 2) -> None:
        self.asked: list[list[str]] = []
        self.steps, self.held, self.at_work = steps, threading.Event(), threading.Event()
        self.held.set()
        self.batcher: DynamicBatcher[str, str] = DynamicBatcher(lambda _: count, self._answer, window)

    def _answer(self, calls: Sequence[str], stepped: Stepped) -> list[str]:
        self.asked.append(list(calls))
        for step in range(self.steps):
            self.at_work.set()
            assert self.held.wait(WIDE)
            stepped(step + 1)
        return [call.upper() for call in calls]

    def take(self, call: str, kind: str = "soup", after: Stepped = silent, waits: Stepped = silent) -> str:
        return self.batcher.submit(kind, call, after, waits)


def together(*orders: Callable[[], str]) -> list[Future[str]]:
    with ThreadPoolExecutor(len(orders)) as pool:
        return [pool.submit(order) for order in orders]


def test_calls_that_come_within_the_window_are_answered_at_once_each_with_its_own() -> None:
    kitchen = Kitchen(3, WIDE)
    found = together(*(lambda call=call: kitchen.take(call) for call in "abc"))
    assert [one.result() for one in found] == ["A", "B", "C"]
    assert [sorted(calls) for calls in kitchen.asked] == [["a", "b", "c"]]


def test_empty_seats_are_filled_with_copies_so_that_there_are_always_as_many() -> None:
    kitchen = Kitchen(4)
    assert kitchen.take("a") == "A"
    assert kitchen.asked == [["a", "a", "a", "a"]]


def test_calls_of_another_kind_are_answered_by_themselves() -> None:
    kitchen = Kitchen(2, 0.05)
    found = together(lambda: kitchen.take("a", "soup"), lambda: kitchen.take("b", "cake"))
    assert [one.result() for one in found] == ["A", "B"]
    assert sorted(kitchen.asked) == [["a", "a"], ["b", "b"]]


def test_who_leaves_between_steps_leaves_alone() -> None:
    kitchen = Kitchen(2, WIDE)

    def leave(step: int) -> None:
        raise PermissionError(f"left after step {step}")

    stays, left = together(lambda: kitchen.take("a"), lambda: kitchen.take("b", after=leave))
    assert stays.result() == "A"
    with pytest.raises(PermissionError, match="after step 1"):
        left.result()


def test_when_everybody_left_the_rest_is_not_answered() -> None:
    kitchen, steps = Kitchen(1, steps=9), []

    def leave(step: int) -> None:
        steps.append(step)
        raise PermissionError

    with pytest.raises(PermissionError):
        kitchen.take("a", after=leave)
    assert steps == [1]
    assert kitchen.take("b") == "B"


def test_who_waits_hears_that_others_move_and_may_leave_before_his_turn() -> None:
    kitchen, heard = Kitchen(1), threading.Event()
    kitchen.held.clear()

    def impatient(_steps: int) -> None:
        heard.set()
        raise TimeoutError

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kitchen.take, "a")
        assert kitchen.at_work.wait(WIDE)
        second = pool.submit(kitchen.take, "b", waits=impatient)
        assert heard.wait(WIDE)
        kitchen.held.set()
        assert first.result() == "A"
        with pytest.raises(TimeoutError):
            second.result()
    assert kitchen.asked == [["a"]]


def test_what_breaks_breaks_for_all_who_sat_there_and_for_nobody_after_them() -> None:
    def answer(calls: Sequence[str], stepped: Stepped) -> list[str]:
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
