"""A clip rendered again from the log: the same bits, or what differs."""

from dataclasses import replace
from typing import Any

import pytest

from generator.engines.scene.engine import SceneEngine
from placet.cli.command import CommandFailed
from placet.cli.management.commands.reproduce import differing
from placet.kernel.ids import GenerationId
from placet.media.storage import private
from placet.processes.generation_request import request_of
from placet.studio import events as e
from placet.studio.jobs import Jobs
from tests.support.cast import BEN
from tests.support.commands import Placet
from tests.support.fake_worker import FakeWorker

BALL = "a red ball bounces on grass"


def rendered(worker: FakeWorker, *, seed_more: int = 0) -> GenerationId:
    """A generation with the recipe of a clip that was really rendered; with `seed_more`, of another clip."""
    clip = worker.scenario.request(BEN, BALL, seconds=1.0, width=360, height=640)
    jobs = Jobs(worker.scenario.driver.connection)
    claimed = jobs.claim()
    assert claimed is not None
    request = request_of(claimed[1], jobs.log, private())
    drawn = SceneEngine().generate(replace(request, seed=request.seed + seed_more), lambda *_: None, lambda: None)
    recipe: dict[str, Any] = {key: drawn.recipe[key] for key in ("raw", "engine", "versions") if key in drawn.recipe}
    jobs.finish(claimed[0], e.GenerationRendered(clip, "a" * 64, 1, 1.0, "0" * 16, recipe, {}), BALL)
    worker.scenario.driver.run()
    return clip


def test_a_clip_is_rendered_again_bit_for_bit(placet: Placet, worker: FakeWorker) -> None:
    answer = placet("reproduce", rendered(worker))
    assert (answer["ok"], answer["same"], answer["differs"]) == (True, {"pictures": True, "sound": True}, {})


def test_a_clip_that_does_not_match_its_recipe_fails(placet: Placet, worker: FakeWorker) -> None:
    """The control. (The answer is printed before the command exits.)"""
    with pytest.raises(SystemExit):
        placet("reproduce", rendered(worker, seed_more=1))


def test_what_was_not_rendered_cannot_be_reproduced(placet: Placet, worker: FakeWorker) -> None:
    with pytest.raises(CommandFailed, match="No clip was rendered: the generation is approved"):
        placet("reproduce", worker.scenario.request(BEN, BALL))


def test_only_its_requester_and_reviewers_may(placet: Placet, worker: FakeWorker) -> None:
    clip = rendered(worker)
    assert placet("reproduce", clip, "--as", "Ben")["ok"]
    with pytest.raises(CommandFailed, match=r"[Nn]ot"):
        placet("reproduce", clip, "--as", "Dara")


def test_a_difference_between_recipes_is_named_by_its_path() -> None:
    then, now = {"versions": {"torch": "1", "numpy": "2"}}, {"versions": {"torch": "3", "numpy": "2"}}
    assert differing(then, now) == {"versions.torch": ("1", "3")}
