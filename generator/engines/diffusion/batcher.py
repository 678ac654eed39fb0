"""Calls of one shape that come from several threads, answered together: an accelerator makes many as fast as one.

As many slots are always taken, empty ones by copies of the first: a kernel's numbers depend on how many there are, and
not on who sits beside. So a clip has the same bits alone and in company.
"""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

WINDOW: Final = 0.2
"""Seconds for which the first of a shape waits for others."""
LOOK_EACH: Final = 0.1

Call = TypeVar("Call")
Made = TypeVar("Made")
Stepped = Callable[[int], None]
"""`stepped(n)`, after step n. Raises `Abandoned` where nobody wants any of it any more."""
Answer = Callable[[Sequence[Call], Stepped], Sequence[Made]]


class BatchAbandoned(Exception):
    """Everybody who sat here has left."""


@dataclass(eq=False)
class _Slot(Generic[Call, Made]):
    kind: Hashable
    call: Call
    after: Stepped
    made: Made | None = None
    problem: BaseException | None = None
    is_over: bool = False

    def stepped(self, step: int) -> None:
        """Whoever leaves does so alone."""
        if self.problem is None:
            try:
                self.after(step)
            except BaseException as problem:  # noqa: BLE001 - raised again in the thread whose call it is
                self.problem = problem


class DynamicBatcher(Generic[Call, Made]):
    """`answer(calls, stepped)` always gets `count(kind)` calls of one kind, from whoever has the turn just then."""

    def __init__(self, count: Callable[[Any], int], answer: "Answer[Call, Made]", window: float = WINDOW) -> None:
        self.count, self._answer, self._window = count, answer, window
        self._waiting: list[_Slot[Call, Made]] = []
        self._came = threading.Condition()
        self._turn = threading.Lock()
        self._steps = 0

    def submit(self, kind: Hashable, call: Call, after: Stepped, waits: Stepped) -> Made:
        """What is answered to a call. `after` hears of its own steps; `waits`, now and then, of all that were made.

        Either may raise to leave. Raises that, or what `answer` raises.
        """
        slot: _Slot[Call, Made] = _Slot(kind, call, after)
        until = time.monotonic() + self._window
        with self._came:
            self._waiting.append(slot)
            self._came.notify_all()
        while not slot.is_over:
            if self._turn.acquire(timeout=LOOK_EACH):
                try:
                    if not slot.is_over:
                        self._run_batch(self._together(slot, until))
                finally:
                    self._turn.release()
            else:
                self._wait(slot, waits)
        if slot.problem is not None:
            raise slot.problem
        assert slot.made is not None
        return slot.made

    def _wait(self, slot: _Slot[Call, Made], waits: Stepped) -> None:
        try:
            waits(self._steps)
        except BaseException as problem:  # noqa: BLE001 - raised in `take`, when nobody answers it any more
            with self._came:
                slot.problem = slot.problem or problem
                if slot in self._waiting:
                    self._waiting.remove(slot)
                    slot.is_over = True

    def _together(self, first: _Slot[Call, Made], until: float) -> list[_Slot[Call, Made]]:
        """The first and, until it is full or time is up, those of its kind who came after it."""

        def alike() -> list[_Slot[Call, Made]]:
            return [first, *(slot for slot in self._waiting if slot.kind == first.kind and slot is not first)]

        with self._came:
            count = self.count(first.kind)
            self._came.wait_for(lambda: len(alike()) >= count, until - time.monotonic())
            taken = alike()[:count]
            self._waiting = [slot for slot in self._waiting if slot not in taken]
            return taken

    def _run_batch(self, slots: list[_Slot[Call, Made]]) -> None:
        def stepped(step: int) -> None:
            self._steps += 1
            for slot in slots:
                slot.stepped(step)
            if all(slot.problem for slot in slots):
                raise BatchAbandoned

        calls = [slot.call for slot in slots]
        empty = self.count(slots[0].kind) - len(calls)
        try:
            made = self._answer([*calls, *[calls[0]] * empty], stepped)
            for slot, one in zip(slots, made, strict=False):
                slot.made = one
        except BaseException as problem:  # noqa: BLE001 - raised in the thread of each
            for slot in slots:
                slot.problem = slot.problem or problem
        finally:
            for slot in slots:
                slot.is_over = True
