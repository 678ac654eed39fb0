"""Motion metrics on pictures with known truth: a bright block before a still backdrop."""

import numpy as np
import pytest
from numpy.typing import NDArray

from placet.media import motion_metrics
from placet.media.motion_metrics import Pictures, watch

FPS = 24
HIGH, WIDE, SIDE = 160, 90, 20
FLOOR = HIGH - SIDE


def pictures(tops: NDArray[np.floating], lefts: NDArray[np.floating] | int = 35) -> Pictures:
    """The block with its upper edge at `tops`, in whole pixels."""
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


def test_an_object_in_one_place_is_not_the_background() -> None:
    """One second with one fall of less than the object's size: it covers some rows all the time."""
    falls = np.arange(12) / 12 - 0.7
    frames = pictures(FLOOR - 30 * np.abs(falls))
    assert np.allclose(watch(frames, 12).landings, [0.7], atol=0.5 / 12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motion_metrics, "_plain", lambda picture: picture)
        assert not np.allclose(watch(frames, 12).landings or (0.0,), [0.7], atol=0.5 / 12), "the control"


def test_soft_motion_has_no_landing() -> None:
    assert watch(pictures(60 + 50 * np.sin(2 * np.pi * TIMES)), FPS).landings == ()


def test_a_fall_that_ends_lands_once_and_is_no_halt() -> None:
    found = watch(pictures(np.minimum(FLOOR, 5 + 400 * TIMES**2)), FPS)
    assert np.allclose(found.landings, [0.58], atol=2 / FPS)
    assert found.halts == ()
    assert len(found.stills) == 1


def test_only_an_abrupt_stop_is_a_halt() -> None:
    """The same path along the floor, once to its end and once frozen on the way."""
    along = 65 * (1 - (1 - np.minimum(TIMES / 3, 1)) ** 2)
    whole = pictures(np.full(len(TIMES), FLOOR), along)
    frozen = whole.copy()
    frozen[FPS:] = frozen[FPS]
    assert watch(whole, FPS).halts == ()
    assert np.allclose(watch(frozen, FPS).halts, [1.0], atol=2 / FPS)


def test_no_landing_is_reported_before_a_moving_background() -> None:
    frames = pictures(bouncing(TIMES)).astype(int)
    waves = (100 + 90 * np.sin(np.arange(WIDE) / 3)).astype(int)
    shaken = [np.where(one > 150, one, np.roll(waves, at % 7)[None, :, None]) for at, one in enumerate(frames)]
    assert watch(np.stack(shaken).astype(np.uint8), FPS).landings == ()


def test_no_landing_is_reported_with_a_moving_camera() -> None:
    frames = by_hand(np.random.default_rng(3).integers(-6, 7, len(TIMES)))
    assert watch(frames, FPS).landings == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motion_metrics, "CAMERA_PICTURE_SHARE", 1.0)
        assert watch(frames, FPS).landings, "the control must claim some: without it this test has no power"


def test_no_landing_is_reported_with_an_occasionally_moving_camera() -> None:
    """In four of five pictures only the object moves, along the floor: an encoder drops small camera steps."""
    chance = np.random.default_rng(3)
    steps = np.repeat(chance.integers(-6, 7, len(TIMES) // 5 + 1), 5)[: len(TIMES)]
    frames = by_hand(steps, 65 * TIMES / TIMES[-1])
    assert watch(frames, FPS).landings == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motion_metrics, "CAMERA_PICTURE_SHARE", 0.5)
        assert watch(frames, FPS).landings, "the control: by the median picture the camera rests"


def test_a_camera_pause_is_no_halt_but_a_freeze_is() -> None:
    steps = np.random.default_rng(3).integers(-6, 7, len(TIMES))
    steps[FPS - 2 : FPS], steps[FPS : 2 * FPS] = (6, 0), -6  # upwards: nothing lands
    assert watch(by_hand(steps), FPS).halts == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motion_metrics, "STILL_BY_HAND_SECONDS", motion_metrics.STILL_SECONDS)
        assert watch(by_hand(steps), FPS).halts, "the control: by the limit of a fixed camera it is a halt"
    steps[FPS:] = -6
    assert np.allclose(watch(by_hand(steps), FPS).halts, [1.0], atol=2 / FPS)


def by_hand(steps: NDArray[np.integer], lefts: NDArray[np.floating] | int = 35) -> Pictures:
    """An object on a plain floor before a plain wall, with the camera shifted by `steps` rows."""
    frames = np.full((len(steps), HIGH, WIDE, 3), 70, np.uint8)
    frames[:, FLOOR:] = 110
    for frame, left in zip(frames, np.broadcast_to(lefts, len(steps)).astype(int), strict=True):
        frame[FLOOR - SIDE : FLOOR, left : left + SIDE] = (240, 200, 30)
    return np.stack([np.roll(frame, int(step), axis=0) for frame, step in zip(frames, steps, strict=True)])


def test_a_resting_clip_is_still_and_four_pictures_are_skipped() -> None:
    still = pictures(np.full(len(TIMES), FLOOR))
    assert watch(still, FPS).still_share_0_1 == 1.0
    assert watch(still[:4], FPS).stills == ()


@pytest.mark.parametrize("seed", range(40))
def test_any_pictures_give_a_result(seed: int) -> None:
    """Noise, flashes and jumps: even senseless pictures give a result."""
    chance = np.random.default_rng(seed)
    count, high, wide = chance.integers(5, 40), chance.integers(1, 30), chance.integers(1, 30)
    frames = np.repeat(chance.integers(0, 256, (1, high, wide, 3), np.uint8), count, axis=0)
    for at in chance.integers(0, count, count // 2):
        top, left = chance.integers(0, high), chance.integers(0, wide)
        frames[at, top:, left : left + 4] = chance.integers(0, 256, 3, np.uint8)
    found = watch(frames, float(chance.choice([1, 12, 24, 60])))
    assert all(np.isfinite(found.landings))
