import io

import numpy as np
import pytest
from PIL import Image

from generator.badge import CELLS, pattern
from generator.engines.scene import badge
from generator.engines.scene.styles import GRADES
from generator.ports import BeyondCapabilities
from tests.generator.measures import heights, mask_of
from tests.generator.questions import ask, made


def png(width: int, height: int) -> bytes:
    """A picture of magenta with a cyan middle."""
    pixels = np.full((height, width, 3), (230, 0, 230), np.uint8)
    pixels[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = (0, 220, 230)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("colour", ["red", "orange", "yellow", "green", "blue", "purple"])
def test_the_requested_colour_is_the_detected_one(colour: str) -> None:
    clip = made(ask(f"a {colour} ball resting on stone", seconds=0.2, style="cartoon"))
    areas = {
        other: mask_of(other, clip.frames[0]).sum() for other in ("red", "orange", "yellow", "green", "blue", "purple")
    }
    assert max(areas, key=lambda name: areas[name]) == colour


def test_a_falling_object_follows_a_parabola_and_stays_down() -> None:
    clip = made(ask("a red ball falling on stone", seconds=1.5))
    rows = heights("red", clip.frames)
    landed = int(clip.impacts[0] * clip.fps)
    times = np.arange(landed)
    fit = np.polyval(np.polyfit(times, rows[:landed], 2), times)
    assert 1 - np.var(rows[:landed] - fit) / np.var(rows[:landed]) > 0.999
    assert np.ptp(rows[landed + 2 :]) < 1


def test_the_given_picture_fills_nearly_half_the_height() -> None:
    clip = made(ask("make it bounce", image=png(80, 80), seconds=2))
    for frame in clip.frames[::8].astype(int):
        magenta = (frame[..., 0] > 200) & (frame[..., 1] < 40) & (frame[..., 2] > 200)
        rows = np.nonzero(magenta.any(1))[0]
        assert rows.max() - rows.min() + 1 >= 0.45 * frame.shape[0]


def test_other_objects_are_left_out_of_a_picture_scene() -> None:
    clip = made(ask("a red ball and a star collide", image=png(80, 80), seconds=0.2))
    assert clip.recipe["left_out"] == ["medium yellow metal star"]


def test_a_picture_that_is_too_large_to_read_is_refused() -> None:
    with pytest.raises(BeyondCapabilities):
        made(ask("a cube", image=png(4098, 4098)))


@pytest.mark.parametrize("person", ["ana", "ben"])
@pytest.mark.parametrize("style", GRADES)
def test_each_frame_shows_only_the_right_badge(person: str, style: str | None) -> None:
    clip = made(ask("a red ball bouncing on grass", badges=(person,), seconds=1, style=style))
    (left, top, cell), *_ = badge.places(1, 288, 512)
    middles = cell // 2 + cell * np.arange(CELLS) + cell // 2
    seen = clip.frames[:, top + middles][:, :, left + middles].mean(-1) < 190
    other = {"ana": "ben", "ben": "ana"}[person]
    assert (seen == pattern(person)).all()
    assert (seen != pattern(other)).any()


def test_two_persons_have_two_badges_side_by_side() -> None:
    both = made(ask("a red ball", badges=("ana", "ben"), seconds=0.2)).frames[0]
    for person, (left, top, cell) in zip(("ana", "ben"), badge.places(2, 288, 512), strict=True):
        image = badge.plaque(person, cell)
        assert (both[top : top + len(image), left : left + len(image)] == image).all()


def test_cinematic_has_bars_and_a_documentary_camera_moves() -> None:
    plain, bars, hand = (
        made(ask("a red ball resting", seconds=1, style=s)) for s in (None, "cinematic", "documentary")
    )
    assert bars.frames[:, :20].max() < 20 < plain.frames[:, :20].min()
    still, moved = (np.abs(np.diff(clip.frames[:, :200].astype(int), axis=0)).max() for clip in (plain, hand))
    assert still == 0 < moved


def test_the_backdrop_has_grain_for_the_watermark() -> None:
    wall = made(ask("a red ball resting", seconds=0.2)).frames[0, :60, :60].astype(float)
    assert 1 < np.diff(wall, axis=1).std() < 8
