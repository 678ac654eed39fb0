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
    """One momentum; each step has the gradient's directions, all equally long, scaled by sqrt(max(1, rows/columns))."""

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """Matrices of one shape are turned together: few large products rather than many small ones."""
        for group in self.param_groups:
            alike: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for p in (p for p in group["params"] if p.grad is not None):
                held = self.state[p].setdefault("momentum", torch.zeros_like(p))
                held.lerp_(p.grad, 1 - group["momentum"])
                ahead = p.grad.lerp(held, group["momentum"]).flatten(1)
                alike[ahead.shape].append((p, ahead))  # type: ignore[index]
            for (rows, columns), members in alike.items():
                turned = _orthogonal(torch.stack([ahead for _, ahead in members]))
                for (p, _), step in zip(members, turned, strict=True):
                    p.add_(step.view_as(p), alpha=-group["lr"] * max(1.0, rows / columns) ** 0.5)


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
    return (x.mT if is_tall else x).to(stack.dtype)
