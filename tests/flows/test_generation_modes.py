"""Every mode of the small model, from request to feed, with real engine, watermark, checks and signature."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from placet.kernel.ids import GenerationId
from placet.likeness import commands as likeness
from placet.media.errors import BlobMissing
from placet.media.sandbox_client import read_clip
from placet.media.storage import blobs, private
from placet.processes.generation_request import request_of
from placet.studio import events as e
from placet.studio import queries
from placet.studio.commands import quota_of
from placet.studio.refusals import GenerationNotFound
from placet.studio.request_input import GenerationInput, to_command
from tests.flows.local_worker import equip, run_worker, small
from tests.generator.questions import ask, never, silent
from tests.support.cast import ANA, BEN
from tests.support.scenario import Scenario, new_id

pytestmark = [pytest.mark.models, pytest.mark.promise("P1")]
BALL = "a red ball bounces on wood"


@pytest.fixture(autouse=True)
def equipped(scenario: Scenario) -> None:
    equip()


def made(scenario: Scenario, prompt: str, *cameos: Any, **more: Any) -> GenerationId:
    """Ben requests, a worker renders, the flow runs. One seed: the rate of failed clips is for benchmarks."""
    generation = scenario.request(BEN, prompt, *cameos, **{"seconds": 1.0, "engine": "small", "seed": 7} | more)
    run_worker(scenario, small())
    return generation


def pipeline_of(scenario: Scenario, generation: GenerationId) -> str:
    fact = scenario.state(generation).rendered
    assert fact is not None
    return str(fact.recipe["call"]["pipeline"])


def assert_reaches_the_feed(scenario: Scenario, generation: GenerationId) -> None:
    assert scenario.state(generation).state == "draft", scenario.state(generation)
    assert scenario.publish(generation, BEN) == "published"
    found = queries.standing(generation)
    assert found is not None
    assert found.is_visible


def picture() -> bytes:
    """A picture that the model knows: from a clip of its own."""
    drawn = small().generate(ask("a green ball rests on grass", size=(360, 640), seconds=0.5), silent, never)
    file = io.BytesIO()
    Image.fromarray(drawn.frames[0]).save(file, "PNG")
    return file.getvalue()


def signed(scenario: Scenario, generation: GenerationId) -> str:
    fact = scenario.state(generation).signed
    assert fact is not None
    return fact.sha256


def frames_of(scenario: Scenario, generation: GenerationId) -> NDArray[np.uint8]:
    """The frames of the signed clip."""
    return read_clip(blobs().path(signed(scenario, generation)), max_frames=99).frames


def test_text(scenario: Scenario) -> None:
    clip = made(scenario, BALL)
    assert pipeline_of(scenario, clip) == "LTX2Pipeline"
    assert_reaches_the_feed(scenario, clip)


def test_a_clip_starts_from_a_picture(scenario: Scenario) -> None:
    image = private().keep(BEN, picture())
    clip = made(scenario, "a green ball rests on grass", image=image)
    assert pipeline_of(scenario, clip) == "LTX2ImageToVideoPipeline"
    assert_reaches_the_feed(scenario, clip)


@pytest.mark.promise("P2")
def test_a_person_is_drawn_by_badge_and_notified_at_each_stage(scenario: Scenario) -> None:
    likeness.allow(scenario.log, ANA, BEN, new_id())
    scenario.driver.run()
    clip = made(scenario, BALL, ANA)
    assert pipeline_of(scenario, clip) == "LTX2InContextPipeline"
    assert_reaches_the_feed(scenario, clip)
    assert [stage for _, stage, *_ in scenario.notices_of(ANA)] == ["requested", "draft", "published"]


def test_a_remix_keeps_what_its_prompt_does_not_change(scenario: Scenario) -> None:
    parent = made(scenario, BALL)
    scenario.publish(parent, BEN)
    clip = made(scenario, "make it blue", parent=parent)
    assert str(e.drawn_in(scenario.log.read(f"generation-{clip}").facts)) == "a blue ball bounces on wood"
    assert_reaches_the_feed(scenario, clip)


@pytest.mark.promise("P2")
def test_an_extension_starts_at_the_end_and_notifies_people(scenario: Scenario) -> None:
    likeness.allow(scenario.log, ANA, BEN, new_id())
    scenario.driver.run()
    parent = made(scenario, BALL, ANA, seconds=2.0)
    scenario.publish(parent, BEN)
    clip = made(scenario, "it goes on", parent=parent, extends=True)
    assert pipeline_of(scenario, clip) == "LTX2ConditionPipeline"
    assert_reaches_the_feed(scenario, clip)
    notices = [stage for _, stage, *_ in scenario.notices_of(ANA)]
    assert notices == ["requested", "draft", "published"] * 2
    before, after = (frames_of(scenario, one) for one in (parent, clip))
    seam, control = (np.abs(after[0].astype(int) - picture).mean() for picture in (before[-1], before[0]))
    assert seam < control / 2


@pytest.mark.parametrize("left", [None, bytes(1000)], ids=["gone", "damaged"])
def test_an_extension_of_a_missing_clip_fails_and_releases_quota(scenario: Scenario, left: bytes | None) -> None:
    parent = made(scenario, BALL)
    scenario.publish(parent, BEN)
    path = blobs().path(signed(scenario, parent))
    path.unlink()
    if left:
        path.write_bytes(left)
    clip = made(scenario, "it goes on", parent=parent, extends=True)
    assert scenario.state(clip).state == "failed"
    assert isinstance(scenario.log.read(quota_of(BEN)).facts[-1], e.QuotaReleased)


def test_a_restricted_clip_is_not_extended(scenario: Scenario) -> None:
    parent = made(scenario, BALL)
    scenario.publish(parent, BEN)
    clip = scenario.request(BEN, "it goes on", parent=parent, extends=True, seconds=1.0, engine="small")
    assert request_of(scenario.state(clip), scenario.log, private()).before is not None
    scenario.given(f"generation-{parent}", e.RestrictionApplied(parent, "reported", new_id()))
    with pytest.raises(BlobMissing):
        request_of(scenario.state(clip), scenario.log, private())


def test_a_clip_of_two_scenes(scenario: Scenario) -> None:
    clip = made(scenario, "a blue cube falls on grass\nit rolls right", seconds=4.0, seed=3)
    drawn = str(e.drawn_in(scenario.log.read(f"generation-{clip}").facts))
    assert drawn == "a blue cube falls and stops on grass; a blue cube rolls right on grass"
    assert_reaches_the_feed(scenario, clip)


@pytest.mark.parametrize("style", ["cinematic", "documentary", "cartoon"])
def test_a_style(scenario: Scenario, style: str) -> None:
    clip = made(scenario, f"a {style} green star rests on grass")
    assert style in str(e.drawn_in(scenario.log.read(f"generation-{clip}").facts))
    assert_reaches_the_feed(scenario, clip)


@pytest.mark.parametrize(
    ("prompt", "more", "ends"),
    [
        pytest.param("a dog barks in the street", {}, "unsupported", id="words"),
        pytest.param(BALL, {"width": 300, "height": 300}, "failed", id="size"),
        pytest.param(BALL, {"seconds": 9.99, "width": 128, "height": 128}, "failed", id="tiny"),
        pytest.param(f"{BALL} " * 74, {}, "draft", id="longest"),
    ],
)
def test_an_impossible_request_ends_and_releases_its_quota(
    scenario: Scenario, prompt: str, more: dict[str, Any], ends: str
) -> None:
    clip = made(scenario, prompt, **more)
    assert scenario.state(clip).state == ends
    quota = [type(fact) for fact in scenario.log.read(quota_of(BEN)).facts]
    assert (quota[-1] is e.QuotaReleased) == (ends != "draft")
    assert scenario.render(clip) is False, "no job is left"


def test_an_extension_without_a_parent_is_refused() -> None:
    with pytest.raises(GenerationNotFound, match="no clip to continue"):
        to_command(GenerationInput("it goes on", extends=True), BEN, new_id(), "XX")
