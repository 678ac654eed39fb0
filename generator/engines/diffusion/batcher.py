"""Dynamic batcher: runs calls of one shape from several threads as one batch, as fast as one on an accelerator.

A batch is always full; copies of the first call fill empty slots. A kernel's results depend on the batch size and not
on the other calls, so a clip has the same bits alone and in a batch.
"""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

WINDOW_SECONDS: Final = 0.2
"""Seconds that the first call of a shape waits for others."""
POLL_SECONDS: Final = 0.1

Call = TypeVar("Call")
Result = TypeVar("Result")
StepCallback = Callable[[int], None]
"""`stepped(n)`, after step n. Raises `BatchAbandoned` when every caller has left."""
Answer = Callable[[Sequence[Call], StepCallback], Sequence[Result]]


class BatchAbandoned(Exception):
    """Every caller of the batch has left."""


@dataclass(eq=False)
class _Slot(Generic[Call, Result]):
    kind: Hashable
    call: Call
    on_step: StepCallback
    result: Result | None = None
    problem: BaseException | None = None
    is_done: bool = False

    def stepped(self, step: int) -> None:
        """A caller that leaves does not stop the others."""
        if self.problem is None:
            try:
                self.on_step(step)
            except BaseException as problem:  # noqa: BLE001 - raised again in the thread whose call it is
                self.problem = problem


class DynamicBatcher(Generic[Call, Result]):
    """Calls `answer(calls, stepped)` with `batch_size(kind)` calls of one kind, in one of the callers' threads."""

    def __init__(
        self, batch_size: Callable[[Any], int], answer: "Answer[Call, Result]", window: float = WINDOW_SECONDS
    ) -> None:
        self.batch_size, self._answer, self._window = batch_size, answer, window
        self._waiting: list[_Slot[Call, Result]] = []
        self._arrived = threading.Condition()
        self._batch_lock = threading.Lock()
        self._steps = 0

    def submit(self, kind: Hashable, call: Call, on_step: StepCallback, on_wait: StepCallback) -> Result:
        """The result of a call. `on_step` gets this call's steps; while waiting, `on_wait` gets the count of all steps.

        Either may raise to leave. Raises that, or what `answer` raises.
        """
        slot: _Slot[Call, Result] = _Slot(kind, call, on_step)
        until = time.monotonic() + self._window
        with self._arrived:
            self._waiting.append(slot)
            self._arrived.notify_all()
        while not slot.is_done:
            if self._batch_lock.acquire(timeout=POLL_SECONDS):
                try:
                    if not slot.is_done:
                        self._run_batch(self._collect(slot, until))
                finally:
                    self._batch_lock.release()
            else:
                self._wait(slot, on_wait)
        if slot.problem is not None:
            raise slot.problem
        assert slot.result is not None
        return slot.result

    def _wait(self, slot: _Slot[Call, Result], on_wait: StepCallback) -> None:
        try:
            on_wait(self._steps)
        except BaseException as problem:  # noqa: BLE001 - raised in `submit`
            with self._arrived:
                slot.problem = slot.problem or problem
                if slot in self._waiting:
                    self._waiting.remove(slot)
                    slot.is_done = True

    def _collect(self, first: _Slot[Call, Result], until: float) -> list[_Slot[Call, Result]]:
        """The first call, and later ones of its kind until the batch is full or the window ends."""

        def alike() -> list[_Slot[Call, Result]]:
            return [first, *(slot for slot in self._waiting if slot.kind == first.kind and slot is not first)]

        with self._arrived:
            count = self.batch_size(first.kind)
            self._arrived.wait_for(lambda: len(alike()) >= count, until - time.monotonic())
            taken = alike()[:count]
            self._waiting = [slot for slot in self._waiting if slot not in taken]
            return taken

    def _run_batch(self, slots: list[_Slot[Call, Result]]) -> None:
        def stepped(step: int) -> None:
            self._steps += 1
            for slot in slots:
                slot.stepped(step)
            if all(slot.problem for slot in slots):
                raise BatchAbandoned

        calls = [slot.call for slot in slots]
        empty = self.batch_size(slots[0].kind) - len(calls)
        try:
            made = self._answer([*calls, *[calls[0]] * empty], stepped)
            for slot, one in zip(slots, made, strict=False):
                slot.result = one
        except BaseException as problem:  # noqa: BLE001 - raised in each caller's thread
            for slot in slots:
                slot.problem = slot.problem or problem
        finally:
            for slot in slots:
                slot.is_done = True
