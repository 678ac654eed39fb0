"""The loop that every stage of training runs in: rates by step, a running mean of the weights, checkpoints, a log."""

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
BY_HAND: Final = 2
"""Steps of each kind on a GPU before it is recorded: the first ones measure and make what a recording may not."""


def cached(file: Path, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """What was made once: later stages must find the very same numbers, on whatever device they run."""
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save(make(), file)
    return dict(torch.load(file, map_location=torch.get_default_device(), weights_only=True))


@dataclass(frozen=True, slots=True)
class Plan:
    """How one stage is trained. `adam` is the rate of what Muon does not take; both fall to 0 in the last `falling`."""

    name: str
    steps: int
    muon: float
    adam: float
    mean_over: float = 0.998
    falling: float = 0.5
    by_adam: tuple[str, ...] = ()
    """Parameters whose names hold one of these are AdamW's, whatever their shape."""
    half: bool = True
    """In bfloat16 as far as torch knows how; a processor without such instructions is slower in it."""

    def rate(self, step: int, done: float) -> float:
        """In 0..1, where `done` is the part of the whole that lies behind."""
        fallen = min(max((done - 1) / self.falling + 1, 0.0), 1.0)
        return min((step + 1) / WARM_UP, 1.0) * 0.5 * (1 + math.cos(math.pi * fallen))


TrainingBatch = dict[str, Tensor]


@dataclass
class TrainingRun:
    """One stage under way: `show(step)` gives what to learn from, `loss(shown)` its losses, of which `total` counts."""

    plan: Plan
    model: nn.Module
    show: Callable[[int], TrainingBatch]
    loss: Callable[[TrainingBatch], dict[str, Tensor]]
    folder: Path
    step: int = 0
    mean: list[Tensor] = field(default_factory=list)
    graphs: "dict[tuple[object, ...], Recorded]" = field(default_factory=dict)
    met: Counter[tuple[object, ...]] = field(default_factory=Counter)
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
        """Go on from the last checkpoint, where there is one."""
        if not self.file.is_file():
            return
        held = torch.load(self.file, map_location=torch.get_default_device(), weights_only=True)
        self.step, self.mean = held["step"], held["mean"]
        self.model.load_state_dict(held["model"])
        for optimiser, state, rate in zip(self.optimisers, held["optimisers"], self.rates, strict=False):
            optimiser.load_state_dict(state)
            for group in optimiser.param_groups:
                group["lr"] = rate

    def save(self) -> None:
        """Whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        states = [optimiser.state_dict() for optimiser in self.optimisers]
        held = {"step": self.step, "model": self.model.state_dict(), "mean": self.mean, "optimisers": states}
        torch.save(held, self.file.with_suffix(".part"))
        self.file.with_suffix(".part").replace(self.file)

    def go(self, until: float = math.inf, *, by_clock: bool = False) -> None:
        """To the last step, or to `until` (of `time.monotonic`).

        Rates go by step, so that a resumed run is the same run; by the clock only where a machine is lent for so long.
        """
        self.clock = (time.monotonic(), until) if by_clock else None
        is_cuda = self.rates[0].is_cuda
        stream = torch.cuda.Stream() if is_cuda else None  # type: ignore[no-untyped-call]
        with torch.cuda.stream(stream):  # the default one is not recorded
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
        self.met[kind] += 1
        if not self.rates[0].is_cuda or self.met[kind] <= BY_HAND:
            return self._once(shown)
        if kind not in self.graphs:
            self.graphs[kind] = Recorded(self._once, shown, list(self.model.parameters()))
        return self.graphs[kind](shown)

    def done(self, step: int) -> float:
        """The part of the training that lies behind."""
        if self.clock is None:
            return step / self.plan.steps
        begun, until = self.clock
        return (time.monotonic() - begun) / (until - begun)

    def _once(self, shown: TrainingBatch) -> dict[str, Tensor]:
        """All of one step that depends on nothing but tensors."""
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.rates[0].device.type, torch.bfloat16, self.plan.half, cache_enabled=False):
            found = self.loss(shown)
        found["total"].backward()  # type: ignore[no-untyped-call]
        for p in self.model.parameters():
            if p.grad is not None:  # oneDNN's bfloat16 kernels give NaN now and then: those numbers teach nothing
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
    """One step as a CUDA graph: thousands of small kernels are sent at once instead of one by one."""

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
