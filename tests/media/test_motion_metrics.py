"""What moves in a clip, on pictures whose truth is known: a bright block before a backdrop that rests."""

import numpy as np
import pytest
from numpy.typing import NDArray

from placet.media import motion_metrics
from placet.media.motion_metrics import Pictures, watch

FPS = 24
HIGH, WIDE, SIDE = 160, 90, 20
FLOOR = HIGH - SIDE


def pictures(tops: NDArray[np.floating], lefts: NDArray[np.floating] | int = 35) -> Pictures:
    """The block with its upper edge there, in whole pixels."""
    backdrop = np.random.default_rng(1).integers(40, 90, (HIGH, WIDE, 3), np.uint8)
    frames = np.repeat(backdrop[None], len(tops), axis=0)
    for frame, top, left in zip(frames, np.round(tops).astype(int), np.broadcast_to(lefts, len(tops)), strict=True):
        frame[top : top + SIDE, int(left) : int(left) + SIDE] = (240, 200, 30)
    return frames


def bouncing(times: NDArray[np.floating]) -> NDArray[np.floating]:
    """Lands at 0.5, 1.5, 2.5 and 3.5 s."""
    since_top = (times - 0.5) % 1.0 - 0.5
    return FLOOR - 100 * (1 - 4 * since_top**2)


TIMES = np.arange(4 * FPS) / FPS


@pytest.mark.parametrize("fps", [12, 24])
@pytest.mark.parametrize("later", [0.0, 0.03])
def test_each_landing_is_found_within_half_a_picture(fps: int, later: float) -> None:
    found = watch(pictures(bouncing(np.arange(4 * fps) / fps - later)), fps).landings
    assert np.allclose(found, np.array([0.5, 1.5, 2.5, 3.5]) + later, atol=0.5 / fps)


def test_what_hangs_in_one_place_is_not_taken_for_the_background() -> None:
    """A second in which a thing falls once, by no more than its own size: no row is ever free of it."""
    falls = np.arange(12) / 12 - 0.7
    frames = pictures(FLOOR - 30 * np.abs(falls))
    assert np.allclose(watch(frames, 12).landings, [0.7], atol=0.5 / 12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motion_metrics, "_plain", lambda picture: picture)
        assert not np.allclose(watch(frames, 12).landings or (0.0,), [0.7], atol=0.5 / 12), "the control"


def test_what_rises_and_falls_softly_lands_nowhere() -> None:
    assert watch(pictures(60 + 50 * np.sin(2 * np.pi * TIMES)), FPS).landings == ()


def test_a_fall_that_ends_lands_once_and_is_no_halt() -> None:
    found = watch(pictures(np.minimum(FLOOR, 5 + 400 * TIMES**2)), FPS)
    assert np.allclose(found.landings, [0.58], atol=2 / FPS)
    assert found.halts == ()
    assert len(found.stills) == 1


def test_what_slows_down_does_not_halt_and_what_is_broken_off_does() -> None:
    """The same way along the floor, once to its end and once frozen on it."""
    along = 65 * (1 - (1 - np.minimum(TIMES / 3, 1)) ** 2)
    whole = pictures(np.full(len(TIMES), FLOOR), along)
    frozen = whole.copy()
    frozen[FPS:] = frozen[FPS]
    assert watch(whole, FPS).halts == ()
    assert np.allclose(watch(frozen, FPS).halts, [1.0], atol=2 / FPS)


def test_before_a_background_that_moves_no_landing_is_claimed() -> None:
    frames = pictures(bouncing(TIMES)).astype(int)
    waves = (100 + 90 * np.sin(np.arange(WIDE) / 3)).astype(int)
    shaken = [np.where(one > 150, one, np.roll(waves, at % 7)[None, :, None]) for at, one in enumerate(frames)]
    assert watch(np.stack(shaken).astype(np.uint8), FPS).landings == ()


def test_where_the_camera_moves_no_landing_is_claimed() -> None:
    frames = by_hand(np.random.default_rng(3).integers(-6, 7, len(TIMES)))
    assert watch(frames, FPS).landings == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motion_metrics, "CAMERA_MOVES_FROM", 1.0)
        assert watch(frames, FPS).landings, "the control must claim some: without it this test has no power"


def test_a_hand_that_trembles_now_and_then_lets_nothing_land() -> None:
    """In four pictures of five only the thing moves, along the floor: an encoder leaves small steps out."""
    chance = np.random.default_rng(3)
    steps = np.repeat(chance.integers(-6, 7, len(TIMES) // 5 + 1), 5)[: len(TIMES)]
    frames = by_hand(steps, 65 * TIMES / TIMES[-1])
    assert watch(frames, FPS).landings == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motion_metrics, "CAMERA_MOVES_FROM", 0.5)
        assert watch(frames, FPS).landings, "the control: in the middle of all pictures the camera rests"


def test_a_hand_may_rest_for_a_moment_and_a_frozen_one_rests_for_good() -> None:
    steps = np.random.default_rng(3).integers(-6, 7, len(TIMES))
    steps[FPS - 2 : FPS], steps[FPS : 2 * FPS] = (6, 0), -6  # upwards: nothing lands
    assert watch(by_hand(steps), FPS).halts == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motion_metrics, "STILL_BY_HAND_SECONDS", motion_metrics.STILL_SECONDS)
        assert watch(by_hand(steps), FPS).halts, "the control: by the measure of a camera that stands it is broken off"
    steps[FPS:] = -6
    assert np.allclose(watch(by_hand(steps), FPS).halts, [1.0], atol=2 / FPS)


def by_hand(steps: NDArray[np.integer], lefts: NDArray[np.floating] | int = 35) -> Pictures:
    """A thing on a plain floor before a plain wall, and the camera so many rows away in each picture."""
    frames = np.full((len(steps), HIGH, WIDE, 3), 70, np.uint8)
    frames[:, FLOOR:] = 110
    for frame, left in zip(frames, np.broadcast_to(lefts, len(steps)).astype(int), strict=True):
        frame[FLOOR - SIDE : FLOOR, left : left + SIDE] = (240, 200, 30)
    return np.stack([np.roll(frame, int(step), axis=0) for frame, step in zip(frames, steps, strict=True)])


def test_a_clip_at_rest_stands_still_and_of_four_pictures_nothing_is_said() -> None:
    still = pictures(np.full(len(TIMES), FLOOR))
    assert watch(still, FPS).still_share_0_1 == 1.0
    assert watch(still[:4], FPS).stills == ()


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_pictures_show_something_is_said(seed: int) -> None:
    """Noise, flashes and jumps: a clip is never left unjudged because it makes no sense."""
    chance = np.random.default_rng(seed)
    count, high, wide = chance.integers(5, 40), chance.integers(1, 30), chance.integers(1, 30)
    frames = np.repeat(chance.integers(0, 256, (1, high, wide, 3), np.uint8), count, axis=0)
    for at in chance.integers(0, count, count // 2):
        top, left = chance.integers(0, high), chance.integers(0, wide)
        frames[at, top:, left : left + 4] = chance.integers(0, 256, 3, np.uint8)
    found = watch(frames, float(chance.choice([1, 12, 24, 60])))
    assert all(np.isfinite(found.landings))
