import importlib.util
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw

from placet.devtools.demo.world import portrait as free_portrait
from placet.likeness import faces
from placet.likeness.faces import (
    MATCH_WITHIN,
    REVIEW_WITHIN,
    FaceStackMissing,
    NoFace,
    Picture,
    SeveralFaces,
    compare,
    find_faces,
    template_of,
)


def portrait(name: str) -> Image.Image:
    return Image.open(io.BytesIO(free_portrait(name))).convert("RGB")


def pixels(image: Image.Image) -> Picture:
    return np.asarray(image, dtype=np.uint8)


def drawing() -> Image.Image:
    image = Image.new("RGB", (360, 640), (120, 170, 210))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 400, 360, 640), fill=(80, 140, 60))
    draw.ellipse((20, 450, 120, 550), fill=(200, 30, 30), outline=(90, 10, 10))
    draw.polygon([(200, 440), (280, 420), (330, 450), (330, 530), (250, 550), (200, 520)], fill=(30, 30, 200))
    return image


def frame_with(name: str, share_of_height: float) -> Image.Image:
    frame, face = drawing(), portrait(name)
    height = int(640 * share_of_height)
    face = face.resize((face.width * height // face.height, height), Image.Resampling.BILINEAR)
    frame.paste(face, ((360 - face.width) // 2, 60))
    return frame


def degraded(image: Image.Image) -> Image.Image:
    """As a video encoder leaves it: half the colour, blocks of 8 x 8."""
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=45, subsampling="4:2:0")
    return Image.open(stored).convert("RGB")


@pytest.mark.models
@pytest.mark.parametrize(("name", "other"), [("astronaut", "hopper"), ("hopper", "astronaut")])
def test_a_portrait_in_a_degraded_frame_is_recognised(name: str, other: str) -> None:
    (face,) = find_faces(pixels(degraded(frame_with(name, 0.45))))
    assert compare(face, template_of(pixels(portrait(name)))) <= MATCH_WITHIN
    assert compare(face, template_of(pixels(portrait(other)))) > REVIEW_WITHIN


@pytest.mark.models
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_the_false_face_on_the_suit_is_not_detected(share: float) -> None:
    (face,) = find_faces(pixels(frame_with("astronaut", share)))
    assert face.box.bottom < 60 + 640 * share * 0.45


@pytest.mark.models
def test_a_face_of_forty_pixels_is_found() -> None:
    (face,) = find_faces(pixels(frame_with("astronaut", 0.3)))
    assert 30 <= face.box.right - face.box.left <= 45


@pytest.mark.models
def test_a_drawing_shows_no_face() -> None:
    assert find_faces(pixels(drawing())) == []


@pytest.mark.models
def test_the_box_is_in_pixels_of_the_original_picture() -> None:
    large = portrait("hopper").resize((2048, 2400))
    (face,) = find_faces(pixels(large))
    (small,) = find_faces(pixels(portrait("hopper")))
    assert face.box.left == pytest.approx(4 * small.box.left, abs=120)
    assert face.box.right <= 2048


@pytest.mark.models
def test_a_template_needs_exactly_one_face() -> None:
    both = Image.new("RGB", (1024, 600))
    both.paste(portrait("astronaut"), (0, 0))
    both.paste(portrait("hopper"), (512, 0))
    with pytest.raises(SeveralFaces, match="2 faces"):
        template_of(pixels(both))
    with pytest.raises(NoFace):
        template_of(pixels(drawing()))


@pytest.mark.models
def test_templates_of_two_models_are_not_compared() -> None:
    template = template_of(pixels(portrait("hopper")))
    with pytest.raises(ValueError, match="enrol"):
        compare(template, faces.Template(template.vector, "another"))


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_a_picture_that_is_not_rgb_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="RGB"):
        find_faces(np.zeros(shape, dtype=np.uint8))


@pytest.fixture
def _without_pkg_resources(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "pkg_resources" else found(name))
    faces._stack.cache_clear()
    yield
    faces._stack.cache_clear()


@pytest.mark.usefixtures("_without_pkg_resources")
def test_a_missing_package_is_named_with_the_command_that_fixes_it() -> None:
    with pytest.raises(FaceStackMissing, match="pip install"):
        find_faces(pixels(drawing()))


def test_concurrent_detections_find_the_same_faces() -> None:
    """An enrolment and the check of a clip run in two threads of one process."""
    picture = pixels(portrait("astronaut"))
    alone = [face.box for face in find_faces(picture)]
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(find_faces, [picture] * 12))
    assert [[face.box for face in found] for found in results] == [alone] * 12
