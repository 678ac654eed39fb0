"""From what people send to an `RequestGeneration`: the same door for pages, API and command line."""

from dataclasses import dataclass

from django.conf import settings

from placet.kernel.ids import GenerationId, PersonId
from placet.media.sandbox_client import normalise_image
from placet.media.storage import private
from placet.people.queries import find_by_name
from placet.people.refusals import PersonNotFound
from placet.studio.commands import RequestGeneration
from placet.studio.refusals import EngineNotLicensedHere, GenerationNotFound
from placet.ui.region import UNKNOWN, is_barred

LARGEST_IMAGE_BYTES = 10 * 1024 * 1024
SIZES = {"portrait": (360, 640), "landscape": (640, 360), "portrait-hd": (720, 1280), "landscape-hd": (1280, 720)}


@dataclass(frozen=True, slots=True)
class GenerationInput:
    """What somebody typed or sent. `likenesses` are names, `image` is whatever bytes came, no `engine` is the usual.

    `extends`: go on where the parent ends, instead of remixing it.
    """

    prompt: str
    likenesses: tuple[str, ...] = ()
    parent: str | None = None
    extends: bool = False
    image: bytes | None = None
    seconds: float = 4.0
    size: str = "portrait"
    engine: str = ""


def to_command(wish: GenerationInput, requested_by: PersonId, command_id: str, region: str) -> RequestGeneration:
    """Names become persons, and a picture is read in a closed-in child and kept in the asker's private store.

    Raises `UnreadableMedia` for a picture that is not read. A name that nobody has is part of the request: the check
    answers `likeness_unknown`, and it is recorded. Raises `EngineNotLicensedHere` by the engine's licence.
    """
    if wish.extends and not wish.parent:
        raise GenerationNotFound("There is no clip to go on from: name it as the parent.")
    engine = wish.engine or settings.PLACET_DEFAULT_ENGINE
    if is_barred(settings.ENGINES.get(engine, ()), region):
        where = "where nobody knows from where it is asked" if region == UNKNOWN else f"in {region}"
        raise EngineNotLicensedHere(
            f"engine {engine} may not be used {where}; operators say it by PLACET_DEFAULT_REGION."
        )
    persons, is_unknown = _persons(wish.likenesses)
    width, height = SIZES.get(wish.size, SIZES["portrait"])
    return RequestGeneration(
        id=command_id,
        requested_by=requested_by,
        prompt=wish.prompt,
        likenesses=persons,
        unknown_likeness=is_unknown,
        parent=GenerationId(wish.parent) if wish.parent else None,
        extends=wish.extends,
        image=_kept(wish.image, requested_by) if wish.image else None,
        seconds=wish.seconds,
        width=width,
        height=height,
        engine=engine,
        region=region,
    )


def _persons(names: tuple[str, ...]) -> tuple[tuple[PersonId, ...], bool]:
    found, is_unknown = [], False
    for name in names:
        try:
            found.append(find_by_name(name).person)
        except PersonNotFound:
            is_unknown = True
    return tuple(found), is_unknown


def _kept(image: bytes, requested_by: PersonId) -> str:
    return private().keep(requested_by, normalise_image(image))
