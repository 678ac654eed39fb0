"""Muon (Jordan et al., 2024) for every matrix and kernel, AdamW for the rest.

torch.optim.Muon takes matrices alone; a convolution's kernel is flattened to one here, as its author does it.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import torch
from torch import Tensor

ROUNDS: Final = 5
QUINTIC: Final = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """One momentum; each step has the gradient's directions, all equally long, scaled by sqrt(max(1, rows/columns)).

    The rate `lr` is a tensor, so that a step recorded as a CUDA graph follows it.
    """

    def __init__(self, params: Iterable[Tensor] | Iterable[dict[str, Any]], lr: Tensor, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})
        for p in (p for group in self.param_groups for p in group["params"]):
            self.state[p]["momentum"] = torch.zeros_like(p)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ARG002  # none is ever called
        """Matrices of one shape are turned together: few large products rather than many small ones."""
        for group in self.param_groups:
            taught = [p for p in group["params"] if p.grad is not None]
            if not taught:
                continue
            held = [self.state[p]["momentum"] for p in taught]
            grads = [p.grad for p in taught]
            torch._foreach_lerp_(held, grads, 1 - group["momentum"])
            ahead = torch._foreach_lerp(grads, held, group["momentum"])  # noqa: SLF001
            alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
            for n, p in enumerate(taught):
                alike[(p.shape[0], p.shape[1:].numel())].append(n)
            for (rows, columns), members in alike.items():
                turned = _orthogonal(torch.stack([ahead[n].flatten(1) for n in members]))
                turned = turned * (group["lr"] * -(max(1.0, rows / columns) ** 0.5))
                steps = [step.view_as(taught[n]) for n, step in zip(members, turned, strict=True)]
                torch._foreach_add_([taught[n] for n in members], steps)


def _orthogonal(stack: Tensor) -> Tensor:
    """The nearest matrices with equal singular values, by Newton and Schulz's iteration [n, rows, columns]."""
    x = stack.bfloat16()
    is_tall = x.shape[1] > x.shape[2]
    x = x.mT if is_tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = QUINTIC
    for _ in range(ROUNDS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    turned: Tensor = (x.mT if is_tall else x).to(stack.dtype)
    return turned
