from pathlib import Path

import pytest

from tests.media.synthetic import small_clip


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of 288 x 512 at 24 frames/s, with a tone."""
    return small_clip(tmp_path_factory.mktemp("clip") / "clip.mp4").path
