"""Face detection and comparison: the only module that imports face_recognition (dlib).

Measured on one core with the two free portraits, alone and pasted into a 360 x 640 frame at 30 to 90 % of
its height, plain, as JPEG and as H.264: a real face scores 0.90 to 1.67 with the detector, a false face at
most 0.22 (without the score, `upsample=1` finds a second face on the astronaut's suit). Same person at most 0.41,
different people from 0.62 up. A turned or squeezed face may score 0.23: the second pass finds it. A frame costs 100 ms
and each face in it 115 ms. Not found: faces under about 35 pixels, in profile, or strongly blurred.
"""

import importlib
import importlib.util
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]
"""RGB, uint8 [height, width, 3]."""
FaceVector = NDArray[np.float64]
"""float64 [128]."""

MATCH_WITHIN = 0.5
"""Distance up to which two faces count as one person."""
REVIEW_WITHIN = 0.6
"""Distance up to which a reviewer decides; beyond it they are two people."""
MODEL = "dlib-resnet-v1"
"""Recorded with templates and verdicts."""
SURE = 0.5
WEAK = 0.0
"""Detector scores: a face; worth a second pass."""
LONGEST_SIDE = 1280
"""Larger pictures are scaled down to this size, in which a face is found from about 40 pixels up."""
_SECOND_PASS = 160  # pixels of a face in the second pass
_DLIB_LOCK = Lock()
"""dlib's detector and models are not thread-safe: of two concurrent threads, one found 272 faces."""


class FaceStackMissing(Exception):
    """Face detection is not installed, so its checks cannot run; the message ends with the command that fixes it."""

    code = "face_stack_missing"


class NoTemplate(Exception):
    """The picture gives no template; nothing of it was stored."""

    code = "no_template"


class NoFace(NoTemplate):
    code = "no_face"


class SeveralFaces(NoTemplate):
    code = "several_faces"


class Box(NamedTuple):
    """Pixels of the original picture, half-open, within its bounds."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, eq=False)
class Face:
    """One face: its box, detector score, and vector under `model`."""

    box: Box
    score: float
    vector: FaceVector
    model: str


@dataclass(frozen=True, eq=False)
class Template:
    """The stored vector of an enrolled face; comparable under one `model` only."""

    vector: FaceVector
    model: str


def find_faces(rgb: Picture) -> list[Face]:
    """Every recognisable face, from left to right. Raises FaceStackMissing; ValueError without an RGB picture."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(f"An RGB picture is uint8 [height, width, 3]; this is {rgb.dtype} {rgb.shape}.")
    picture, scale = _fitted(rgb)
    with _DLIB_LOCK:
        stack = _stack()
        detected = _detect(stack, picture, upsample=1)
        found = [(box, score) for box, score in detected if _is_face(stack, picture, box, score)]
        return [_face(stack, picture, box, score, scale) for box, score in sorted(found)]


def template_of(rgb: Picture) -> Template:
    """The template of the one face shown; refuses none (`no_face`) and several (`several_faces`)."""
    faces = find_faces(rgb)
    if not faces:
        raise NoFace("The picture shows no face. Take one from the front, in even light, without a mask.")
    if len(faces) > 1:
        raise SeveralFaces(f"The picture shows {len(faces)} faces. Take one that shows you alone.")
    return Template(faces[0].vector, faces[0].model)


def compare(face: Face | Template, template: Template) -> float:
    """Euclidean distance, 0 the same picture; see MATCH_WITHIN and REVIEW_WITHIN. ValueError between two models."""
    if face.model != template.model:
        raise ValueError(f"{face.model} and {template.model} cannot be compared; enrol the person again.")
    return float(np.linalg.norm(face.vector - template.vector))


@cache
def _stack() -> ModuleType:
    for name in ("pkg_resources", "dlib", "face_recognition_models"):  # a missing one makes face_recognition quit()
        if importlib.util.find_spec(name) is None:
            raise FaceStackMissing(f"{name} is not installed. Fix it with: pip install 'placet[faces]'")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
        warnings.filterwarnings("ignore", message="Deprecated call to `pkg_resources", category=DeprecationWarning)
        return importlib.import_module("face_recognition.api")


@cache
def _model() -> str:
    try:
        return f"dlib-resnet-v1/face_recognition_models-{version('face_recognition_models')}"
    except PackageNotFoundError:
        return "dlib-resnet-v1"


def _fitted(rgb: Picture) -> tuple[Picture, float]:
    scale = min(1.0, LONGEST_SIDE / max(rgb.shape[:2]))
    return (np.ascontiguousarray(rgb), 1.0) if scale == 1 else (_resized(rgb, scale), scale)


def _resized(rgb: Picture, scale: float) -> Picture:
    height, width = (max(1, round(side * scale)) for side in rgb.shape[:2])
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BILINEAR))


def _detect(stack: ModuleType, picture: Picture, upsample: int) -> Iterator[tuple[Box, float]]:
    height, width = picture.shape[:2]
    rects, scores, _ = stack.face_detector.run(picture, upsample, WEAK)
    for rect, score in zip(rects, scores, strict=True):
        left, top = max(rect.left(), 0), max(rect.top(), 0)
        right, bottom = min(rect.right() + 1, width), min(rect.bottom() + 1, height)
        yield Box(left, top, right, bottom), float(score)


def _is_face(stack: ModuleType, picture: Picture, box: Box, score: float) -> bool:
    """A weak detection counts when a second pass over the enlarged crop is sure."""
    if score >= SURE:
        return True
    margin = (box.right - box.left) // 2
    left, top = max(box.left - margin, 0), max(box.top - margin, 0)
    cut = picture[top : box.bottom + margin, left : box.right + margin]
    closer = _resized(np.ascontiguousarray(cut), _SECOND_PASS / (box.right - box.left))
    return any(again >= SURE for _, again in _detect(stack, closer, upsample=0))


def _face(stack: ModuleType, picture: Picture, box: Box, score: float, scale: float) -> Face:
    location = (box.top, box.right - 1, box.bottom - 1, box.left)
    vector: Any = stack.face_encodings(picture, [location])[0]
    original = Box(*(round(side / scale) for side in box))
    return Face(original, round(score, 4), np.asarray(vector, dtype=np.float64), _model())
