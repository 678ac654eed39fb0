"""Vocabulary of the scene engine: one table per kind, from a meaning to its synonyms."""

from typing import NamedTuple

COLOURS = {
    "red": "crimson scarlet ruby cherry vermilion reddish",
    "orange": "tangerine amber apricot",
    "yellow": "lemon gold golden mustard",
    "green": "emerald lime olive jade mint",
    "blue": "azure navy cobalt sapphire cyan indigo",
    "purple": "violet lilac magenta lavender plum",
    "white": "ivory snowy pale",
    "black": "ebony jet onyx",
}
SHAPES = {
    "ball": "balls sphere spheres orb orbs globe globes football footballs",
    "cube": "cubes box boxes block blocks crate crates brick bricks",
    "cone": "cones",
    "cylinder": "cylinders tube tubes barrel barrels drum drums pillar pillars",
    "star": "stars",
    "ring": "rings hoop hoops torus doughnut doughnuts donut donuts",
}
MOTIONS = {
    "bounce": "bounces bouncing bounced jump jumps jumping hop hops hopping",
    "roll": "rolls rolling rolled slide slides sliding glide glides gliding",
    "rise": "rises rising ascend ascends ascending float floats floating lift lifts lifting soar soars soaring",
    "fall": "falls falling fell drop drops dropping dropped land lands landing plunge plunges tumble tumbles",
    "orbit": "orbits orbiting circle circles circling spin spins spinning revolve revolves revolving "
    "whirl whirls whirling rotate rotates rotating twirl twirls twirling",
    "collide": "collides colliding crash crashes crashing smash smashes smashing bump bumps bumping hit hits hitting",
    "rest": "rests resting still sit sits sitting stand stands standing lie lies lying motionless wait waits",
}
MATERIALS = {
    "wood": "wooden oak timber pine",
    "metal": "metallic steel iron brass silver copper",
    "rubber": "rubbery bouncy elastic",
}
FLOORS = {
    "grass": "lawn meadow field turf",
    "wood": "parquet planks boards desk",
    "sand": "sandy beach desert dune dunes",
    "stone": "rock rocks concrete pavement street road tiles cobbles",
}
BACKDROPS = {
    "studio": "indoors room plain",
    "sky": "skies daylight daytime outdoors cloudy clouds sunny",
    "sunset": "sunrise dusk dawn evening",
    "night": "midnight moonlight moonlit starry nighttime",
}
STYLES = {"cartoon": "animated comic", "documentary": "handheld", "cinematic": "filmic"}
SIZES = {"small": "little tiny mini", "medium": "", "large": "big huge giant"}
SIDES = {"left": "leftwards leftward", "right": "rightwards rightward"}
NUMBERS = {"1": "one single", "2": "two pair couple both", "3": "three", "4": "four several", "5": "five many"}
PLACES = {"floor": "ground table surface", "background": "backdrop wall", "length": "second seconds"}
CUES = {"add": "adds another plus extra", "swap": "turn change replace transform", "into": ""}
_FILLER = (
    "a an s t the of onto in at by and or to from for with as it its is are be this that these those there then than "
    "them they while when which where over under across along around against towards up down off out through before "
    "after behind between near each other together slowly slow quickly quick fast gently softly loudly clip clips "
    "video videos film movie shot shots scene short show shows showing shown make makes made making create creates "
    "generate draw draws render please let lets me my i we want would like some very really quite nice beautiful "
    "pretty shiny glossy matte bright brightly soft smooth round colour color coloured colored sound sounds audio "
    "noise camera view closeup close 3d hd style now same but again instead keep stop stops stopping stopped come "
    "comes until just only also so once twice more light front middle centre center side on"
)
FILLER = frozenset(_FILLER.split())


class Word(NamedTuple):
    """A known word: kind, meaning, and whether it is plural."""

    kind: str
    meaning: str
    is_plural: bool


TABLES = {
    "colour": COLOURS,
    "shape": SHAPES,
    "motion": MOTIONS,
    "material": MATERIALS,
    "backdrop": BACKDROPS,
    "style": STYLES,
    "size": SIZES,
    "side": SIDES,
    "number": NUMBERS,
    "place": PLACES,
    "cue": CUES,
}


def _lexicon() -> dict[str, Word]:
    known = {}
    for kind, table in {"floor": FLOORS, **TABLES}.items():  # a material overrides a floor of the same name
        for meaning, others in table.items():
            for word in (meaning, *others.split()):
                known[word] = Word(
                    kind, meaning, kind == "shape" and word != meaning and word.endswith("s") and word != "torus"
                )
    return known


LEXICON = _lexicon()
"""Lower-case word → its meaning."""
VOCABULARY = {
    f"{kind}s": tuple(table) for kind, table in {**TABLES, "floor": FLOORS}.items() if kind not in {"cue", "place"}
}
"""Kind → meanings, as listed in the capabilities."""
