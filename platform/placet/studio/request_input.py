"""Builds a `RequestGeneration` from input: shared by pages, API and command line."""

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
    """Unchecked input of a request. `likenesses` are names, `image` is raw bytes, an empty `engine` is the default.

    `extends`: continue from the end of the parent, instead of remixing it.
    """

    prompt: str
    likenesses: tuple[str, ...] = ()
    parent: str | None = None
    extends: bool = False
    image: bytes | None = None
    seconds: float = 4.0
    size: str = "portrait"
    engine: str = ""


def to_command(entered: GenerationInput, requested_by: PersonId, command_id: str, region: str) -> RequestGeneration:
    """Resolve names to people; decode a picture in the sandbox and keep it in the requester's private store.

    Raises `UnreadableMedia` for an unreadable picture and `EngineNotLicensedHere` for a region that the licence of
    the engine excludes. An unknown name is part of the request: the consent check refuses it with `likeness_unknown`.
    """
    if entered.extends and not entered.parent:
        raise GenerationNotFound("There is no clip to continue: name it as the parent.")
    engine = entered.engine or settings.PLACET_DEFAULT_ENGINE
    if is_barred(settings.ENGINES.get(engine, ()), region):
        where = "in an unknown region" if region == UNKNOWN else f"in {region}"
        raise EngineNotLicensedHere(
            f"engine {engine} may not be used {where}; operators set the region by PLACET_DEFAULT_REGION."
        )
    people, is_unknown = _people(entered.likenesses)
    width, height = SIZES.get(entered.size, SIZES["portrait"])
    return RequestGeneration(
        id=command_id,
        requested_by=requested_by,
        prompt=entered.prompt,
        likenesses=people,
        unknown_likeness=is_unknown,
        parent=GenerationId(entered.parent) if entered.parent else None,
        extends=entered.extends,
        image=_store_image(entered.image, requested_by) if entered.image else None,
        seconds=entered.seconds,
        width=width,
        height=height,
        engine=engine,
        region=region,
    )


def _people(names: tuple[str, ...]) -> tuple[tuple[PersonId, ...], bool]:
    found, is_unknown = [], False
    for name in names:
        try:
            found.append(find_by_name(name).person)
        except PersonNotFound:
            is_unknown = True
    return tuple(found), is_unknown


def _store_image(image: bytes, requested_by: PersonId) -> str:
    return private().keep(requested_by, normalise_image(image))
