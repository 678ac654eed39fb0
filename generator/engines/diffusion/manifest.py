"""`placet.json`, beside `model_index.json`: what weights these are, how they are called, and the hash of every file."""

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
    """What the model itself draws: sizes in pixels, pictures a second, and lengths of `frame_step` n + 1 frames.

    `max_context_frames`: how many frames of an earlier clip it can continue from; 0 where it cannot.
    """

    sizes: tuple[tuple[int, int], ...]
    fps: int
    frame_step: int
    max_frames: int
    max_context_frames: int = 0

    def frames(self, seconds: float, given: int = 0) -> int:
        """The shortest clip on the grid that lasts so long after those that are given."""
        wanted = given + self.wanted(seconds)
        return min(-(-(wanted - 1) // self.frame_step) * self.frame_step + 1, self.max_frames)

    def wanted(self, seconds: float) -> int:
        return max(round(seconds * self.fps), 1)

    def given_of(self, there: int) -> int:
        """Of so many pictures that are there, those that the model is given: as many as are on the grid."""
        return (min(there, self.max_context_frames) - 1) // self.frame_step * self.frame_step + 1

    def nearest(self, width: int, height: int) -> tuple[int, int]:
        """The size whose sides stand to each other most as these do."""
        return min(self.sizes, key=lambda size: abs(size[0] / size[1] - width / height))


@dataclass(frozen=True, slots=True)
class Profile:
    """How the weights are run on one kind of device, as `profiles` says; where it says nothing, one by one in float32.

    `batch_size`: how many clips of one shape are drawn together. `attention`: a backend's name in diffusers.
    """

    batch_size: int = 1
    dtype: str = "float32"
    compile: bool = False
    attention: str | None = None

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES or self.batch_size < 1:
            raise ValueError(f"a profile has at least one seat and a dtype of {', '.join(DTYPES)}")


@dataclass(frozen=True, slots=True)
class WeightsManifest:
    """As read; `sha256` is of the manifest itself, and so of every file that it names.

    `max_attempts`: how often at most one clip is drawn, until it shows what was asked for; needs a grammar to tell.
    `profiles`: for kinds of devices as torch names them ("cpu", "cuda").
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
        """Raises WeightsRefused where there is none, or none of this format."""
        try:
            raw = (folder / NAME).read_bytes()
            said = json.loads(raw)
            grid = said["grid"]
            return cls(
                folder,
                sha256(raw).hexdigest(),
                **{
                    key: said[key]
                    for key in ("engine", "version", "label", "licence", "max_seconds", "call", "grammar")
                },
                excluded_territories=tuple(said["excluded_territories"]),
                modes=tuple(said["modes"]),
                sizes=tuple((width, height) for width, height in said["sizes"]),
                grid=Grid(**grid | {"sizes": tuple((width, height) for width, height in grid["sizes"])}),
                vocabulary={kind: tuple(words) for kind, words in said["vocabulary"].items()},
                training=said["training"],
                acceptance=said["acceptance"],
                max_attempts=said.get("max_attempts", 1),
                profiles={kind: Profile(**profile) for kind, profile in said.get("profiles", {}).items()},
                files=said["files"],
            )
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise WeightsRefused(
                f"{folder / NAME} cannot be read ({exc}); no weights were loaded. Fetch the folder again."
            ) from exc

    def profile(self, device: str) -> Profile:
        """On this kind of device."""
        return self.profiles.get(device, Profile())

    def check(self) -> None:
        """Every file as it was described, and no other beside them. Raises WeightsRefused."""
        found = {str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if p.is_file()} - {NAME}
        if unknown := sorted(found - set(self.files)):
            raise WeightsRefused(f"{unknown[0]} is not in {NAME}; nothing was loaded. Remove it, or describe it.")
        for name, digest in self.files.items():
            if name not in found or digest_of(self.folder / name) != digest:
                raise WeightsRefused(f"{name} is missing or changed; nothing was loaded. Fetch the folder again.")


def digest_of(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
