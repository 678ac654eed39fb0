"""Training loop of every stage: rates by step, a running mean of the weights, checkpoints, a log of losses."""

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

from generator.training.muon import Muon

EVERY_SECONDS: Final = 60.0
WARM_UP: Final = 50
LINES_EVERY: Final = 25
NORM: Final = 1.0
EAGER_STEPS: Final = 2
"""Eager steps of each kind on a GPU before a graph is captured: the first ones allocate what a capture must not."""


def cached(file: Path, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Loads `file`, made at the first call: later stages need the same numbers, on any device."""
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save(make(), file)
    return dict(torch.load(file, map_location=torch.get_default_device(), weights_only=True))


@dataclass(frozen=True, slots=True)
class Plan:
    """One stage's settings. `adam` is the rate of what Muon does not train; both decay to 0 in the last `falling`."""

    name: str
    steps: int
    muon: float
    adam: float
    mean_over: float = 0.998
    falling: float = 0.5
    by_adam: tuple[str, ...] = ()
    """Parameters whose names contain one of these go to AdamW, whatever their shape."""
    half: bool = True
    """Autocast to bfloat16. A CPU without such instructions is slower with it."""

    def rate(self, step: int, done: float) -> float:
        """Learning rate factor, 0..1; `done` is the completed share of the training."""
        fallen = min(max((done - 1) / self.falling + 1, 0.0), 1.0)
        return min((step + 1) / WARM_UP, 1.0) * 0.5 * (1 + math.cos(math.pi * fallen))


TrainingBatch = dict[str, Tensor]


@dataclass
class TrainingRun:
    """One running stage: `show(step)` returns a batch, `loss(batch)` its losses; `total` is minimised."""

    plan: Plan
    model: nn.Module
    show: Callable[[int], TrainingBatch]
    loss: Callable[[TrainingBatch], dict[str, Tensor]]
    folder: Path
    step: int = 0
    mean: list[Tensor] = field(default_factory=list)
    graphs: "dict[tuple[object, ...], Recorded]" = field(default_factory=dict)
    step_counts: Counter[tuple[object, ...]] = field(default_factory=Counter)
    clock: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        matrices: list[Tensor] = []
        rest: list[Tensor] = []
        for name, p in self.model.named_parameters():
            if not p.requires_grad:
                continue
            is_matrix = p.ndim > 1 and not any(part in name for part in self.plan.by_adam)
            (matrices if is_matrix else rest).append(p)
        rates = self.rates = [torch.zeros(()), torch.zeros(()), torch.zeros(())]
        self.optimisers: list[torch.optim.Optimizer] = [
            Muon([{"params": matrices}], rates[0]),
            torch.optim.AdamW(rest, rates[1], betas=(0.9, 0.98), weight_decay=0.0, capturable=rates[1].is_cuda),
        ]
        self.mean = [p.detach().clone() for p in self.model.parameters()]

    @property
    def file(self) -> Path:
        return self.folder / f"{self.plan.name}.pt"

    def resume(self) -> None:
        """Continues from the last checkpoint, if there is one."""
        if not self.file.is_file():
            return
        checkpoint = torch.load(self.file, map_location=torch.get_default_device(), weights_only=True)
        self.step, self.mean = checkpoint["step"], checkpoint["mean"]
        self.model.load_state_dict(checkpoint["model"])
        for optimiser, state, rate in zip(self.optimisers, checkpoint["optimisers"], self.rates, strict=False):
            optimiser.load_state_dict(state)
            for group in optimiser.param_groups:
                group["lr"] = rate

    def save(self) -> None:
        """Writes the checkpoint whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        states = [optimiser.state_dict() for optimiser in self.optimisers]
        checkpoint = {"step": self.step, "model": self.model.state_dict(), "mean": self.mean, "optimisers": states}
        torch.save(checkpoint, self.file.with_suffix(".part"))
        self.file.with_suffix(".part").replace(self.file)

    def go(self, until: float = math.inf, *, by_clock: bool = False) -> None:
        """Trains to the last step, or to `until` (of `time.monotonic`).

        Rates follow the step, so a resumed run equals an uninterrupted one; `by_clock` is for machines lent for a time.
        """
        self.clock = (time.monotonic(), until) if by_clock else None
        is_cuda = self.rates[0].is_cuda
        stream = torch.cuda.Stream() if is_cuda else None  # type: ignore[no-untyped-call]
        with torch.cuda.stream(stream):  # the default stream cannot be captured
            self._go(until)

    def _go(self, until: float) -> None:
        saved = begun = time.monotonic()
        first = self.step
        for step in _shown(self.plan, first):
            found = self._learn(step)
            self.step = step + 1
            if self.step % LINES_EVERY == 0 or self.step == self.plan.steps:
                pace = (self.step - first) / (time.monotonic() - begun)
                self._log({name: round(float(value), 5) for name, value in found.items()}, pace)
            now = time.monotonic()
            if now - saved > EVERY_SECONDS or now > until:
                self.save()
                saved = now
            if now > until:
                return
        self.save()

    def _learn(self, step: int) -> dict[str, Tensor]:
        torch.manual_seed(step + 1)
        with torch.no_grad():
            shown = self.show(step)
        keep = min(self.plan.mean_over, (step + 1) / (step + 10))
        for rate, value in zip(self.rates, (self.plan.muon, self.plan.adam), strict=False):
            rate.fill_(value * self.plan.rate(step, self.done(step)))
        self.rates[2].fill_(1 - keep)
        kind = tuple((name, value.shape) for name, value in shown.items())
        self.step_counts[kind] += 1
        if not self.rates[0].is_cuda or self.step_counts[kind] <= EAGER_STEPS:
            return self._once(shown)
        if kind not in self.graphs:
            self.graphs[kind] = Recorded(self._once, shown, list(self.model.parameters()))
        return self.graphs[kind](shown)

    def done(self, step: int) -> float:
        """The completed share of the training."""
        if self.clock is None:
            return step / self.plan.steps
        begun, until = self.clock
        return (time.monotonic() - begun) / (until - begun)

    def _once(self, shown: TrainingBatch) -> dict[str, Tensor]:
        """The part of a step that depends on tensors only."""
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.rates[0].device.type, torch.bfloat16, self.plan.half, cache_enabled=False):
            found = self.loss(shown)
        found["total"].backward()  # type: ignore[no-untyped-call]
        for p in self.model.parameters():
            if p.grad is not None:  # oneDNN's bfloat16 kernels occasionally return NaN: ignore those
                p.grad.nan_to_num_(0.0, 0.0, 0.0)
        nn.utils.clip_grad_norm_(self.model.parameters(), NORM)
        for optimiser in self.optimisers:
            optimiser.step()
        apart = torch._foreach_sub([p.detach() for p in self.model.parameters()], self.mean)  # noqa: SLF001
        torch._foreach_mul_(apart, self.rates[2])
        torch._foreach_add_(self.mean, apart)
        return {name: value.detach() for name, value in found.items()}

    def _log(self, found: dict[str, float], pace: float) -> None:
        line: dict[str, Any] = {"stage": self.plan.name, "step": self.step, **found, "steps_a_second": round(pace, 2)}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{self.plan.name}.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")


class Recorded:
    """One step as a CUDA graph: launches thousands of small kernels at once instead of one by one."""

    pool: Any = None

    def __init__(
        self, once: Callable[[TrainingBatch], dict[str, Tensor]], shown: TrainingBatch, params: list[Tensor]
    ) -> None:
        self.shown = {name: value.clone() for name, value in shown.items()}
        self.graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        with torch.cuda.graph(self.graph, pool=Recorded.pool, stream=torch.cuda.current_stream()):
            self.found = once(self.shown)
        Recorded.pool = Recorded.pool or self.graph.pool()
        for p in params:
            p.grad = None

    def __call__(self, shown: TrainingBatch) -> dict[str, Tensor]:
        for name, value in shown.items():
            self.shown[name].copy_(value)
        self.graph.replay()
        return {name: value.clone() for name, value in self.found.items()}


def _shown(plan: Plan, first: int) -> Iterator[int]:
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, refresh_per_second=1) as bar:
        yield from bar.track(range(first, plan.steps), description=plan.name)
