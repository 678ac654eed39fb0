"""The loop that every stage of training runs in: rates by step, a running mean of the weights, checkpoints, a log."""

import json
import math
import time
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

    def rate(self, step: int) -> float:
        """In 0..1. By step and not by time, so that a resumed run is the same run."""
        begin = self.steps * (1 - self.falling)
        fallen = min(max((step - begin) / max(self.steps - begin, 1), 0.0), 1.0)
        return min((step + 1) / WARM_UP, 1.0) * 0.5 * (1 + math.cos(math.pi * fallen))


@dataclass
class Run:
    """One stage under way. `loss(step)` gives named losses, of which `total` is followed down."""

    plan: Plan
    model: nn.Module
    loss: Callable[[int], dict[str, Tensor]]
    folder: Path
    step: int = 0
    mean: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        matrices, rest = [], []
        for name, p in self.model.named_parameters():
            is_matrix = p.ndim > 1 and not any(part in name for part in self.plan.by_adam)
            (matrices if is_matrix else rest).append(p)
        self.optimisers: list[tuple[torch.optim.Optimizer, float]] = [
            (Muon(matrices, self.plan.muon), self.plan.muon),
            (torch.optim.AdamW(rest, self.plan.adam, betas=(0.9, 0.98), weight_decay=0.0), self.plan.adam),
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
        for (optimiser, _), state in zip(self.optimisers, held["optimisers"], strict=True):
            optimiser.load_state_dict(state)

    def save(self) -> None:
        """Whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        states = [optimiser.state_dict() for optimiser, _ in self.optimisers]
        held = {"step": self.step, "model": self.model.state_dict(), "mean": self.mean, "optimisers": states}
        torch.save(held, self.file.with_suffix(".part"))
        self.file.with_suffix(".part").replace(self.file)

    def go(self, each: Callable[[int], None] = lambda _: None, until: float = math.inf) -> None:
        """To the last step, or to `until` (of `time.monotonic`). `each(step)` is called after every step."""
        saved = begun = time.monotonic()
        first = self.step
        for step in _shown(self.plan, first):
            found = self._learn(step)
            self.step = step + 1
            if self.step % LINES_EVERY == 0 or self.step == self.plan.steps:
                pace = (self.step - first) / (time.monotonic() - begun)
                self._tell({name: round(float(value), 5) for name, value in found.items()}, pace)
            each(self.step)
            now = time.monotonic()
            if now - saved > EVERY_SECONDS or now > until:
                self.save()
                saved = now
            if now > until:
                return
        self.save()

    def _learn(self, step: int) -> dict[str, Tensor]:
        torch.manual_seed(step + 1)
        with torch.autocast(torch.get_default_device().type, torch.bfloat16):
            found = self.loss(step)
        found["total"].backward()  # type: ignore[no-untyped-call]
        is_sound = bool(nn.utils.clip_grad_norm_(self.model.parameters(), NORM).isfinite())
        for optimiser, rate in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * self.plan.rate(step)
            if is_sound:  # oneDNN's bfloat16 kernels give NaN now and then: such a step teaches nothing
                optimiser.step()
            optimiser.zero_grad()
        keep = min(self.plan.mean_over, (step + 1) / (step + 10))
        torch._foreach_lerp_(self.mean, [p.detach() for p in self.model.parameters()], 1 - keep)  # noqa: SLF001
        return {name: value.detach() for name, value in found.items()}

    def _tell(self, found: dict[str, float], pace: float) -> None:
        line: dict[str, Any] = {"stage": self.plan.name, "step": self.step, **found, "steps_a_second": round(pace, 2)}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{self.plan.name}.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")

    def averaged(self) -> nn.Module:
        """The model with the running mean of its weights."""
        with torch.no_grad():
            for p, mean in zip(self.model.parameters(), self.mean, strict=True):
                p.copy_(mean)
        return self.model.eval()


def _shown(plan: Plan, first: int) -> Iterator[int]:
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, refresh_per_second=1) as bar:
        yield from bar.track(range(first, plan.steps), description=plan.name)
