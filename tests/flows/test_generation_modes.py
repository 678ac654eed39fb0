"""Each way of asking the small model, from the request to the feed, with real engine, mark, checks and signature."""

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
from tests.flows.local_worker import equip, small, work_off
from tests.generator.questions import ask, never, silent
from tests.support.cast import ANA, BEN
from tests.support.scenario import Scenario, new_id

pytestmark = [pytest.mark.models, pytest.mark.promise("P1")]
BALL = "a red ball bounces on wood"


@pytest.fixture(autouse=True)
def equipped(story: Scenario) -> None:
    equip()


def made(story: Scenario, prompt: str, *cameos: Any, **more: Any) -> GenerationId:
    """Asked for by Ben, made by a worker, and whatever follows. One seed: how often a clip misses is for benches."""
    generation = story.ask(BEN, prompt, *cameos, **{"seconds": 1.0, "engine": "small", "seed": 7} | more)
    work_off(story, small())
    return generation


def pipeline_of(story: Scenario, generation: GenerationId) -> str:
    fact = story.state(generation).rendered
    assert fact is not None
    return str(fact.recipe["call"]["pipeline"])


def assert_reaches_the_feed(story: Scenario, generation: GenerationId) -> None:
    assert story.state(generation).state == "draft", story.state(generation)
    assert story.publish(generation, BEN) == "published"
    found = queries.standing(generation)
    assert found is not None
    assert found.is_visible


def picture() -> bytes:
    """One that the model knows: of a clip of its own."""
    drawn = small().generate(ask("a green ball rests on grass", size=(360, 640), seconds=0.5), silent, never)
    file = io.BytesIO()
    Image.fromarray(drawn.frames[0]).save(file, "PNG")
    return file.getvalue()


def signed(story: Scenario, generation: GenerationId) -> str:
    fact = story.state(generation).signed
    assert fact is not None
    return fact.sha256


def seen(story: Scenario, generation: GenerationId) -> NDArray[np.uint8]:
    """Its pictures, as everybody gets them."""
    return read_clip(blobs().path(signed(story, generation)), max_frames=99).frames


def test_text(story: Scenario) -> None:
    clip = made(story, BALL)
    assert pipeline_of(story, clip) == "LTX2Pipeline"
    assert_reaches_the_feed(story, clip)


def test_a_picture_is_gone_on_from(story: Scenario) -> None:
    kept = private().keep(BEN, picture())
    clip = made(story, "a green ball rests on grass", image=kept)
    assert pipeline_of(story, clip) == "LTX2ImageToVideoPipeline"
    assert_reaches_the_feed(story, clip)


@pytest.mark.promise("P2")
def test_a_person_is_shown_by_her_badge_and_told_at_each_stage(story: Scenario) -> None:
    likeness.allow(story.log, ANA, BEN, new_id())
    story.driver.run()
    clip = made(story, BALL, ANA)
    assert pipeline_of(story, clip) == "LTX2InContextPipeline"
    assert_reaches_the_feed(story, clip)
    assert [stage for _, stage, *_ in story.notices_of(ANA)] == ["requested", "draft", "published"]


def test_a_remix_keeps_what_it_does_not_speak_of(story: Scenario) -> None:
    parent = made(story, BALL)
    story.publish(parent, BEN)
    clip = made(story, "make it blue", parent=parent)
    assert str(e.drawn_in(story.log.read(f"generation-{clip}").facts)) == "a blue ball bounces on wood"
    assert_reaches_the_feed(story, clip)


@pytest.mark.promise("P2")
def test_a_clip_goes_on_where_another_ends_and_who_is_in_it_is_told(story: Scenario) -> None:
    likeness.allow(story.log, ANA, BEN, new_id())
    story.driver.run()
    parent = made(story, BALL, ANA, seconds=2.0)
    story.publish(parent, BEN)
    clip = made(story, "it goes on", parent=parent, extends=True)
    assert pipeline_of(story, clip) == "LTX2ConditionPipeline"
    assert_reaches_the_feed(story, clip)
    told = [stage for _, stage, *_ in story.notices_of(ANA)]
    assert told == ["requested", "draft", "published"] * 2
    before, after = (seen(story, one) for one in (parent, clip))
    seam, control = (np.abs(after[0].astype(int) - picture).mean() for picture in (before[-1], before[0]))
    assert seam < control / 2


@pytest.mark.parametrize("left", [None, bytes(1000)], ids=["gone", "damaged"])
def test_what_began_from_a_clip_that_is_no_more_fails_with_its_quota_back(story: Scenario, left: bytes | None) -> None:
    parent = made(story, BALL)
    story.publish(parent, BEN)
    place = blobs().path(signed(story, parent))
    place.unlink()
    if left:
        place.write_bytes(left)
    clip = made(story, "it goes on", parent=parent, extends=True)
    assert story.state(clip).state == "failed"
    assert isinstance(story.log.read(quota_of(BEN)).facts[-1], e.QuotaReleased)


def test_nothing_goes_on_from_a_clip_against_which_something_stands_by_then(story: Scenario) -> None:
    parent = made(story, BALL)
    story.publish(parent, BEN)
    clip = story.ask(BEN, "it goes on", parent=parent, extends=True, seconds=1.0, engine="small")
    assert request_of(story.state(clip), story.log, private()).before is not None
    story.given(f"generation-{parent}", e.RestrictionApplied(parent, "reported", new_id()))
    with pytest.raises(BlobMissing):
        request_of(story.state(clip), story.log, private())


def test_a_story_of_two_scenes(story: Scenario) -> None:
    clip = made(story, "a blue cube falls on grass\nit rolls right", seconds=4.0, seed=3)
    drawn = str(e.drawn_in(story.log.read(f"generation-{clip}").facts))
    assert drawn == "a blue cube falls and stops on grass; a blue cube rolls right on grass"
    assert_reaches_the_feed(story, clip)


@pytest.mark.parametrize("style", ["cinematic", "documentary", "cartoon"])
def test_a_style(story: Scenario, style: str) -> None:
    clip = made(story, f"a {style} green star rests on grass")
    assert style in str(e.drawn_in(story.log.read(f"generation-{clip}").facts))
    assert_reaches_the_feed(story, clip)


@pytest.mark.parametrize(
    ("prompt", "more", "ends"),
    [
        pytest.param("a dog barks in the street", {}, "unsupported", id="words"),
        pytest.param(BALL, {"width": 300, "height": 300}, "failed", id="size"),
        pytest.param(BALL, {"seconds": 9.99, "width": 128, "height": 128}, "failed", id="tiny"),
        pytest.param(f"{BALL} " * 74, {}, "draft", id="longest"),
    ],
)
def test_what_is_asked_wrongly_ends_as_what_it_is_and_its_quota_is_given_back(
    story: Scenario, prompt: str, more: dict[str, Any], ends: str
) -> None:
    clip = made(story, prompt, **more)
    assert story.state(clip).state == ends
    quota = [type(fact) for fact in story.log.read(quota_of(BEN)).facts]
    assert (quota[-1] is e.QuotaReleased) == (ends != "draft")
    assert story.make(clip) is False, "its lease is free, and there is nothing to do"


def test_to_go_on_from_no_clip_is_refused_and_not_made_as_something_else() -> None:
    with pytest.raises(GenerationNotFound, match="go on from"):
        to_command(GenerationInput("it goes on", extends=True), BEN, new_id(), "XX")
