import numpy as np
import pytest

from tests.generator.measures import heights, loudness, onsets, seen_impacts
from tests.generator.questions import ask, made

ONE_FRAME = 0.042


def furthest(seen: np.ndarray, heard: np.ndarray) -> float:
    """Seconds from the worst seen impact to the sound nearest to it."""
    return float(np.abs(seen[:, None] - heard[None, :]).min(1).max())


@pytest.mark.parametrize("seed", [7, 8])
@pytest.mark.parametrize("material", ["rubber", "wood", "metal"])
def test_every_visible_impact_sounds_within_a_frame(seed: int, material: str) -> None:
    clip = made(ask(f"a red {material} ball bouncing on grass", seed=seed, seconds=2.5))
    seen = seen_impacts(heights("red", clip.frames), clip.fps)
    assert len(seen) >= 2
    assert furthest(seen, onsets(clip.pcm, clip.rate)) < ONE_FRAME
    assert furthest(seen, onsets(np.roll(clip.pcm, clip.rate // 6, axis=0), clip.rate)) > ONE_FRAME


def test_reported_impacts_are_the_visible_ones() -> None:
    clip = made(ask("a red ball bouncing on grass"))
    seen = seen_impacts(heights("red", clip.frames), clip.fps)
    assert furthest(seen, np.array(clip.impacts)) < 0.01


def test_bounces_never_grow_louder() -> None:
    clip = made(ask("a red ball bouncing on grass"))
    starts = [int(time * clip.rate) for time in clip.impacts]
    peaks = [np.abs(clip.pcm[start : start + 2000]).max() for start in starts]
    assert peaks == sorted(peaks, reverse=True)


def test_a_resting_object_is_nearly_silent() -> None:
    assert loudness(made(ask("a red ball resting")).pcm) < -60


def test_a_rolling_object_sounds_until_it_stops_and_pans() -> None:
    pcm = made(ask("a metal ball rolls right")).pcm
    first, last = pcm[:48_000], pcm[-4_800:]
    assert loudness(first) > -50 > loudness(last)
    assert loudness(pcm[:24_000, 0]) > loudness(pcm[:24_000, 1])
    assert loudness(pcm[96_000:120_000, 0]) < loudness(pcm[96_000:120_000, 1])


def test_a_small_object_rings_higher_and_metal_longer() -> None:
    def spectrum(prompt: str) -> tuple[float, float]:
        clip = made(ask(prompt, seconds=1.2))
        start = int(clip.impacts[0] * clip.rate)
        power = np.abs(np.fft.rfft(clip.pcm[start : start + 4800].sum(1))) ** 2
        return float((power * np.arange(len(power))).sum() / power.sum()), loudness(
            clip.pcm[start + 9600 : start + 14400]
        )

    large, small = spectrum("a large metal cube falling"), spectrum("a small metal cube falling")
    wood = spectrum("a large wooden cube falling")
    assert small[0] > large[0]
    assert large[1] > wood[1] + 10
