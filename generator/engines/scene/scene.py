"""A complete scene that can be drawn. Its `str()` is a prompt that parses to the same scene."""

from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain, repeat

from generator.engines.scene.grammar import Part, SceneRequest, read
from generator.engines.scene.remix import over
from generator.ports import GenerationRequest, Unsupported

MAX_OBJECTS = 2
DEFAULTS = {
    "ball": ("red", "rubber"),
    "cube": ("blue", "wood"),
    "cone": ("orange", "rubber"),
    "cylinder": ("green", "metal"),
    "star": ("yellow", "metal"),
    "ring": ("purple", "metal"),
}
"""Shape → default colour and material."""
DOING = {
    "bounce": "bouncing",
    "roll_left": "rolling left",
    "roll_right": "rolling right",
    "rise": "rising",
    "fall": "falling",
    "orbit": "orbiting",
    "collide": "colliding",
    "rest": "resting",
}


@dataclass(frozen=True)
class SceneObject:
    shape: str
    colour: str
    material: str
    size: str

    def __str__(self) -> str:
        return f"{self.size} {self.colour} {self.material} {self.shape}"


@dataclass(frozen=True)
class Scene:
    """What is drawn. `unread` are unknown words; `left_out` are requested objects that are not drawn."""

    things: tuple[SceneObject, ...]
    motion: str
    floor: str
    backdrop: str
    style: str | None
    unread: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        things = " and a ".join(str(thing) for thing in self.things)
        place = f"on a {self.floor} floor with a {self.backdrop} backdrop"
        return f"a {things} {DOING[self.motion]} {place}" + (f" in {self.style} style" if self.style else "")


def scene_of(request: GenerationRequest) -> Scene:
    """The scene of a request: the parent's prompt with the edit applied. Raises Unsupported if no object is named."""
    lines = [*(request.parent_prompt or "").splitlines(), request.prompt]
    asked = reduce(over, map(read, lines), SceneRequest())
    if request.image is not None and not asked.parts:
        asked = replace(asked, parts=(asked.loose.filled(Part(shape="cube")),))
    most = MAX_OBJECTS if request.image is None else 1  # a picture fills the scene
    return resolve(replace(asked, style=request.style or asked.style), most)


def resolve(request: SceneRequest, max_objects: int = MAX_OBJECTS) -> Scene:
    """Fills missing fields with defaults; keeps at most `max_objects`. Raises Unsupported if no object is named."""
    if not request.parts:
        raise Unsupported(request.unread, nearest(request))
    everything = _things(request.parts)
    things, left_out = everything[:max_objects], tuple(str(thing) for thing in everything[max_objects:])
    alone = len(things) == 1
    motion = request.motion or "bounce"
    return Scene(
        things=things,
        motion="bounce" if alone and motion == "collide" else motion,
        floor=request.floor or "wood",
        backdrop=request.backdrop or ("sky" if request.floor in ("grass", "sand") else "studio"),
        style=request.style,
        unread=request.unread,
        left_out=left_out,
    )


def _things(parts: tuple[Part, ...]) -> tuple[SceneObject, ...]:
    """One object of each kind first, then copies."""
    copies = chain.from_iterable(repeat(part, (part.count or 1) - 1) for part in parts)
    return tuple(_thing(part) for part in (*parts, *copies))


def _thing(part: Part) -> SceneObject:
    shape = part.shape or "ball"
    colour, material = DEFAULTS[shape]
    return SceneObject(shape, part.colour or colour, part.material or material, part.size or "medium")


def nearest(request: SceneRequest) -> tuple[str, ...]:
    """Three prompts that can be drawn and keep the rest of the request."""
    parts = [request.loose.filled(Part(shape=shape)) for shape in ("ball", "cube", "star")]
    scenes = [resolve(replace(request, parts=(part,), unread=())) for part in parts]
    return tuple(f"a {s.things[0].colour} {s.things[0].shape} {DOING[s.motion]} on {s.floor}" for s in scenes)
