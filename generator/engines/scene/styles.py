"""Styles: cartoon (flat, dark outline), documentary (shake, pale), cinematic (bars, warm)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Grade:
    """A style's grading. `shake` is a share of the short side; `bars` is the share of the height of each bar."""

    saturation: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    is_flat: bool = False
    outline: float = 0.0
    shake: float = 0.0
    bars: float = 0.0

    def __call__(self, rgb: Field) -> Field:
        """Colours [..., 3] in 0..255, graded."""
        grey = rgb.mean(axis=-1, keepdims=True)
        graded: Field = (grey + (rgb - grey) * self.saturation) * np.array(self.tint, np.float32)
        return graded.clip(0, 255).astype(np.float32)


GRADES = {
    None: Grade(),
    "cartoon": Grade(saturation=1.15, is_flat=True, outline=0.07),
    "documentary": Grade(saturation=0.7, shake=0.004),
    "cinematic": Grade(saturation=0.92, tint=(1.05, 1.0, 0.88), bars=0.085),
}
