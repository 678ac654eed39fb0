"""Weights manifest: `placet.json`, next to `model_index.json`, with call arguments and the hash of every file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

NAME: Final = "placet.json"
FORMAT: Final = 1
DTYPES: Final = ("float32", "bfloat16", "float16")


class WeightsRefused(Exception):
    """The folder is not what its manifest says; nothing of it was loaded."""

    code = "weights_refused"


@dataclass(frozen=True, slots=True)
class Grid:
    """The model's output: sizes in pixels, frames a second, and lengths of `frame_step` n + 1 frames.

    `max_context_frames`: how many frames of an earlier clip it can continue from; 0 if it cannot.
    """

    sizes: tuple[tuple[int, int], ...]
    fps: int
    frame_step: int
    max_frames: int
    max_context_frames: int = 0

    def frames(self, seconds: float, given: int = 0) -> int:
        """Length of the shortest clip on the grid with `given` frames and then `seconds`."""
        wanted = given + self.wanted(seconds)
        return min(-(-(wanted - 1) // self.frame_step) * self.frame_step + 1, self.max_frames)

    def wanted(self, seconds: float) -> int:
        return max(round(seconds * self.fps), 1)

    def context_frames(self, there: int) -> int:
        """How many of `there` pictures the model is given: the largest length on the grid."""
        return (min(there, self.max_context_frames) - 1) // self.frame_step * self.frame_step + 1

    def nearest(self, width: int, height: int) -> tuple[int, int]:
        """The size with the nearest aspect ratio."""
        return min(self.sizes, key=lambda size: abs(size[0] / size[1] - width / height))


@dataclass(frozen=True, slots=True)
class Profile:
    """How the weights run on one kind of device; by default one clip at a time in float32.

    `batch_size`: clips of one shape per batch. `attention`: a backend's name in diffusers.
    """

    batch_size: int = 1
    dtype: str = "float32"
    compile: bool = False
    attention: str | None = None

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES or self.batch_size < 1:
            raise ValueError(f"a profile needs a batch_size of at least 1 and a dtype of {', '.join(DTYPES)}")


@dataclass(frozen=True, slots=True)
class WeightsManifest:
    """The parsed manifest. `sha256` is the hash of the manifest file, and so covers every file that it names.

    `max_attempts`: maximum draws of one clip until it shows the prompt; needs a grammar to compare with.
    `profiles`: by torch's device type ("cpu", "cuda").
    """

    folder: Path
    sha256: str
    engine: str
    version: str
    label: str
    licence: str
    excluded_territories: tuple[str, ...]
    modes: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    max_seconds: float
    grid: Grid
    call: Mapping[str, Any]
    vocabulary: Mapping[str, tuple[str, ...]]
    grammar: str | None
    max_attempts: int
    profiles: Mapping[str, Profile]
    training: Mapping[str, Any]
    acceptance: Mapping[str, Any]
    files: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> "WeightsManifest":
        """Raises WeightsRefused if there is no manifest of this format."""
        try:
            raw = (folder / NAME).read_bytes()
            manifest = json.loads(raw)
            grid = manifest["grid"]
            return cls(
                folder,
                sha256(raw).hexdigest(),
                **{
                    key: manifest[key]
                    for key in ("engine", "version", "label", "licence", "max_seconds", "call", "grammar")
                },
                excluded_territories=tuple(manifest["excluded_territories"]),
                modes=tuple(manifest["modes"]),
                sizes=tuple((width, height) for width, height in manifest["sizes"]),
                grid=Grid(**grid | {"sizes": tuple((width, height) for width, height in grid["sizes"])}),
                vocabulary={kind: tuple(words) for kind, words in manifest["vocabulary"].items()},
                training=manifest["training"],
                acceptance=manifest["acceptance"],
                max_attempts=manifest.get("max_attempts", 1),
                profiles={kind: Profile(**profile) for kind, profile in manifest.get("profiles", {}).items()},
                files=manifest["files"],
            )
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise WeightsRefused(
                f"{folder / NAME} cannot be read ({exc}); no weights were loaded. Fetch the folder again."
            ) from exc

    def profile(self, device: str) -> Profile:
        """The profile for this kind of device."""
        return self.profiles.get(device, Profile())

    def check(self) -> None:
        """Checks that the folder holds every named file unchanged, and no other. Raises WeightsRefused."""
        found = {str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if p.is_file()} - {NAME}
        if unknown := sorted(found - set(self.files)):
            raise WeightsRefused(f"{unknown[0]} is not in {NAME}; nothing was loaded. Remove it, or add it to `files`.")
        for name, digest in self.files.items():
            if name not in found or digest_of(self.folder / name) != digest:
                raise WeightsRefused(f"{name} is missing or changed; nothing was loaded. Fetch the folder again.")


def digest_of(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
