"""Muon (Jordan et al., 2024) for every matrix and kernel, AdamW for the rest.

torch.optim.Muon takes matrices only; here a convolution's kernel is flattened to one, as Muon's author does.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import torch
from torch import Tensor

ROUNDS: Final = 5
QUINTIC: Final = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """One momentum; each step orthogonalises the gradient and scales it by sqrt(max(1, rows/columns)).

    The rate `lr` is a tensor, so that a captured CUDA graph follows it.
    """

    def __init__(self, params: Iterable[Tensor] | Iterable[dict[str, Any]], lr: Tensor, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})
        for p in (p for group in self.param_groups for p in group["params"]):
            self.state[p]["momentum"] = torch.zeros_like(p)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ARG002  # none is ever called
        """Orthogonalises matrices of one shape together: few large products instead of many small ones."""
        for group in self.param_groups:
            trained = [p for p in group["params"] if p.grad is not None]
            if not trained:
                continue
            momenta = [self.state[p]["momentum"] for p in trained]
            grads = [p.grad for p in trained]
            torch._foreach_lerp_(momenta, grads, 1 - group["momentum"])
            ahead = torch._foreach_lerp(grads, momenta, group["momentum"])  # noqa: SLF001
            alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
            for n, p in enumerate(trained):
                alike[(p.shape[0], p.shape[1:].numel())].append(n)
            for (rows, columns), members in alike.items():
                turned = _orthogonal(torch.stack([ahead[n].flatten(1) for n in members]))
                turned = turned * (group["lr"] * -(max(1.0, rows / columns) ** 0.5))
                steps = [step.view_as(trained[n]) for n, step in zip(members, turned, strict=True)]
                torch._foreach_add_([trained[n] for n in members], steps)


def _orthogonal(stack: Tensor) -> Tensor:
    """The nearest matrices with equal singular values, by Newton-Schulz iteration [n, rows, columns]."""
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
