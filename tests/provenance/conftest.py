"""One install's keys, one small marked clip and its signed form, shared by all tests of this folder."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from placet.media.encode import encode_mp4
from provenance.c2pa.manifest import ClipClaims, Parent
from provenance.c2pa.sign import sign_clip
from provenance.pki.install_pki import ANCHORS, make_install_pki
from provenance.verification.answer import Verification
from provenance.verification.verify import verify
from provenance.watermark.embed import embed
from tests.media.synthetic import FPS, RATE, moving_frames, tone

MARK_KEY = b"a key of thirty-two bytes, or so"
MARK = 0x0123456789ABCDEF
CLAIMS = ClipClaims(
    generation_id="7b1f4f6e-6a1e-4f43-9d2e-1f2f3a4b5c6d",
    title="A red block crosses the room",
    engine_name="scene",
    engine_version="1.0",
    is_renderer=True,
    policy_version="house-3",
    prompt_sha256="ab" * 32,
    opt_outs_version=41,
    watermark=MARK,
    placet_version="0.1.0",
    consents=("cd" * 32,),
    models={"prompt": "minilm-l6-v2"},
)

Judge = Callable[[bytes], Verification]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_install_pki(folder)
    return folder


@pytest.fixture(scope="session")
def anchors(keys: Path) -> str:
    return (keys / ANCHORS).read_text(encoding="ascii")


@pytest.fixture(scope="session")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of 288 x 512 with a tone, marked and encoded."""
    frames = embed(moving_frames(2 * FPS), MARK, MARK_KEY)
    return encode_mp4(frames, FPS, tone(2), RATE, tmp_path_factory.mktemp("clip") / "clip.mp4", crf=23).path


@pytest.fixture(scope="session")
def signed(unsigned: Path, keys: Path) -> bytes:
    path = unsigned.with_name("signed.mp4")
    sign_clip(unsigned, path, CLAIMS, keys)
    return path.read_bytes()


@pytest.fixture
def judge(tmp_path: Path, anchors: str) -> Judge:
    def judged(data: bytes) -> Verification:
        path = tmp_path / "judged.mp4"
        path.write_bytes(data)
        return verify(path, anchors)

    return judged


@pytest.fixture
def remix(unsigned: Path, keys: Path, tmp_path: Path) -> Callable[[bytes], bytes]:
    """A signed clip that opened these bytes as its parent."""

    def remixed(parent: bytes) -> bytes:
        path = tmp_path / "remix.mp4"
        sign_clip(unsigned, path, replace(CLAIMS, parent=Parent("The parent", parent)), keys)
        return path.read_bytes()

    return remixed
