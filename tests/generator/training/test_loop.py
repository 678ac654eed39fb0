"""A resumed training equals an uninterrupted one, and shared tensors are computed once."""

from pathlib import Path

import torch
from torch import Tensor, nn

from generator.training.latents import means
from generator.training.loop import Plan, TrainingBatch, TrainingRun, cached
from generator.training.muon import Muon
from generator.training.scenes import scenes

PLAN = Plan("small", steps=12, muon=0.02, adam=1e-2)


def run(folder: Path) -> TrainingRun:
    """Learns to rotate each point by a right angle."""
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))

    def show(_step: int) -> TrainingBatch:
        seen = torch.randn(32, 2)
        return {"seen": seen, "turned": torch.stack([-seen[:, 1], seen[:, 0]], 1)}

    def loss(shown: TrainingBatch) -> dict[str, Tensor]:
        return {"total": (model(shown["seen"]) - shown["turned"]).pow(2).mean()}

    return TrainingRun(PLAN, model, show, loss, folder)


def weights(of: TrainingRun) -> list[Tensor]:
    return [*of.model.parameters(), *of.mean]


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, first = run(tmp_path / "whole"), run(tmp_path / "halves")
    whole.go()
    for step in range(5):
        first._learn(step)  # a stop in the middle, at a step of our choice
        first.step = step + 1
    first.save()
    second = run(tmp_path / "halves")
    second.resume()
    assert second.step == 5
    second.go()
    assert all(torch.equal(one, other) for one, other in zip(weights(whole), weights(second), strict=True))


def test_a_run_resumed_without_optimiser_state_differs(tmp_path: Path) -> None:
    """Control: the optimisers' momentum is part of a run's state."""
    whole, first = run(tmp_path / "whole"), run(tmp_path / "halves")
    whole.go()
    for step in range(5):
        first._learn(step)  # as above
        first.step = step + 1
    first.save()
    checkpoint = torch.load(first.file, weights_only=True)
    torch.save(checkpoint | {"optimisers": []}, first.file)
    second = run(tmp_path / "halves")
    second.resume()
    second.go()
    assert not all(torch.equal(one, other) for one, other in zip(weights(whole), weights(second), strict=True))


def test_the_rate_warms_up_stays_and_decays_to_zero() -> None:
    rates = [PLAN.rate(step, step / 1_000) for step in range(1_001)]
    assert rates[0] < 0.1
    assert rates[100] == rates[500] == 1.0
    assert rates[1_000] == 0.0


def test_shared_tensors_are_computed_once(tmp_path: Path) -> None:
    first = cached(tmp_path / "shared.pt", lambda: {"axes": torch.ones(2)})
    again = cached(tmp_path / "shared.pt", lambda: {"axes": torch.zeros(2)})
    assert torch.equal(first["axes"], again["axes"])


def test_a_muon_step_has_equal_singular_values() -> None:
    p = nn.Parameter(torch.zeros(6, 4, 3, 3))
    p.grad = (
        torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(1)) * torch.arange(1, 7)[:, None, None, None]
    )
    Muon([p], torch.tensor(1.0)).step()
    lengths = torch.linalg.svdvals(p.detach().flatten(1))
    assert lengths.max() / lengths.min() < 2
    assert torch.linalg.svdvals(p.grad.flatten(1)).max() / torch.linalg.svdvals(p.grad.flatten(1)).min() > 2


def test_a_latent_holds_the_means_of_four_frames() -> None:
    pictures = scenes(1, 4).pictures()[:, :9]
    found = means(pictures).view(1, 3, 7, 4, 3, 4, 4, 4)
    frame, row, column = 6, 2, 1
    block = pictures[0, frame, :, row * 32 : row * 32 + 8, column * 32 : column * 32 + 8].mean((1, 2))
    assert torch.allclose(found[0, 2, row, column, :, (frame - 1) % 4, 0, 0], block, atol=1e-5)
    assert torch.equal(found[:, 0, :, :, :, 0], found[:, 0, :, :, :, 3])
