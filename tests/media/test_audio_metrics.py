"""The lag of sound behind picture."""

import numpy as np
import pytest

from placet.media.audio_metrics import lag


@pytest.mark.parametrize(
    ("seen", "heard", "late"),
    [
        ([0.5], [0.62], 0.12),
        ([0.5, 1.1, 1.5], [0.7, 1.3, 1.7], 0.2),
        ([0.5, 1.1], [0.52, 1.12, 1.9], 0.02),
        ([0.5], [0.36, 0.83], None),
        ([0.5, 1.2], [0.7, 1.4, 1.9, 2.3], 0.2),
        ([0.5, 1.2], [0.7, 1.6, 1.9, 2.3], None),
        ([], [0.5], None),
        ([0.5], [], None),
        ([0.5], [1.4], None),
    ],
    ids=[
        "one of each",
        "all late",
        "one more heard",
        "which of two",
        "each has its sound",
        "one of two has none",
        "nothing seen",
        "nothing heard",
        "far away",
    ],
)
def test_the_lag_is_found_where_it_is_certain(seen: list[float], heard: list[float], late: float | None) -> None:
    found = lag(seen, np.array(heard), fps=24)
    assert found == (None if late is None else pytest.approx(late))
