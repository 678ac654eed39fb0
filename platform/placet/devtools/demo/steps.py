"""The steps of the demo; their docstrings are printed. Each step can be repeated without happening twice."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings

from moderation.commands import DecideCase, decide_case
from moderation.queries import open_cases
from placet.devtools.demo.receipts import take_filing_receipt, take_receipts, wait_until_loaded
from placet.devtools.demo.served import fetch
from placet.devtools.demo.world import World, portrait
from placet.eventlog.store.event import stream_name
from placet.kernel.ids import CaseId
from placet.likeness import commands as likeness
from placet.likeness.consent import Consent, consent_of, uses_of
from placet.likeness.events import CameoUsed, EnrolmentRefused, EnrolmentRequested
from placet.media.sandbox_client import normalise_image
from placet.media.storage import private
from placet.rights.commands import FileOptOut, file_opt_out
from placet.studio.events import GenerationRequested
from placet.studio.queries import standing
from placet.studio.request_input import GenerationInput
from placet.studio.view_model import GenerationView
from placet.web.engine_vocabulary import engine_words

CHARACTER: Final = "Captain Zorblax"
CLIP: Final = "a red rubber ball bounces on the grass"
REMIX: Final = "make it a blue metal cube on wood"
OPTED_OUT: Final = "a red ball and Captain Z0rblax bounce on the grass"
UNCERTAIN: Final = "a red ball rolls away from a knife fight"
SMUGGLED: Final = "a cube with this picture on it"
UNASKED: Final = "a green star bounces on sand"

Step = Callable[[World], str]


def file_an_opt_out(world: World) -> str:
    """Dara opts a character out of generation and training."""
    command = FileOptOut(
        world.id("filing"), world.person("Dara"), (CHARACTER, "Zorblax"), "a purple space captain with six arms"
    )
    wait_until_loaded(world)
    filing, state = file_opt_out(world.log, command, engine_words())
    world.notes["filing"] = {"id": filing, "state": state, "character": CHARACTER}
    world.expect(state == "in_force", f"the filing is {state}")
    return f"{CHARACTER} is opted out, in force at once; {take_filing_receipt(world, filing)}"


def enrol(world: World) -> str:
    """Ana enrols her likeness and grants Ben consent."""
    ana = world.person("Ana")
    name = private().keep(ana, normalise_image(portrait("astronaut")), world.id("portrait"))
    head = world.log.read(stream_name(EnrolmentRequested, ana)).version
    likeness.request_enrolment(world.log, ana, name, world.id("enrol"))
    world.wait(lambda: _is_enrolled(world, ana, name, head), "the enrolment was not answered in time")
    likeness.allow(world.log, ana, world.person("Ben"), world.id("allow"))
    return "Ana's likeness is enrolled from a portrait; Ben has a grant"


def _is_enrolled(world: World, ana: str, portrait_name: str, head: int) -> bool:
    refused = [
        f
        for f in world.log.read(stream_name(EnrolmentRequested, ana), after=head).facts
        if isinstance(f, EnrolmentRefused)
    ]
    world.expect(not refused, f"the portrait was refused: {refused}")
    asked = [
        e
        for e in world.log.read(stream_name(EnrolmentRequested, ana))
        if getattr(e.fact, "portrait", "") == portrait_name
    ]
    answers = [e.causation_id for e in world.log.read(consent_of(ana)) if type(e.fact).__name__ == "LikenessEnrolled"]
    return bool(asked) and asked[-1].event_id in answers


def make_a_clip(world: World) -> str:
    """Ben requests a clip with Ana."""
    view = world.request("clip", "Ben", GenerationInput(CLIP, ("Ana",)))
    _expect_draft_or_published(world, view)
    return f"{_verdicts(view)} → rendered, watermarked, signed: a draft"


def publish_it(world: World) -> str:
    """Ben publishes it."""
    return _publish(world, "clip")


def remix_it(world: World) -> str:
    """Ben remixes it; Ana's consent is checked again."""
    view = world.request("remix", "Ben", GenerationInput(REMIX, parent=world.clips["clip"]))
    _expect_draft_or_published(world, view)
    return f"{_verdicts(view)} → a draft that still shows Ana"


def publish_the_remix(world: World) -> str:
    """Ben publishes the remix."""
    return _publish(world, "remix")


def keep_copies(world: World) -> str:
    """Both clips are saved as the web process serves them."""
    for name in ("clip", "remix"):
        path = world.folder / f"{name}.mp4"
        now = _standing(world, name)
        if now.is_visible:
            status, body = fetch(world.origin, f"/media/{world.clips[name]}.mp4", world.person("Ben"))
            world.expect(status == 200, f"the {name} was answered with {status}")
            path.write_bytes(body)
        world.expect(path.exists(), f"{path} is missing: start over with `placet demo --from-scratch`")
    return "var/demo/clip.mp4 and remix.mp4, with their manifests"


def ask_for_the_character(world: World) -> str:
    """Ben's next prompt names Dara's character, in disguise."""
    return _refused(world, world.request("opted out", "Ben", GenerationInput(OPTED_OUT)), "opt_out_matched")


def ask_without_consent(world: World) -> str:
    """Eve requests a clip with Ana, who gave her no consent."""
    view = world.request("unasked", "Eve", GenerationInput(UNASKED, ("Ana",)))
    codes = {"consent_missing", "consent_revoked"} if _is_revoked(world) else {"consent_missing"}
    return _refused(world, view, *codes)


def decide_a_case(world: World) -> str:
    """An uncertain prompt becomes a case; Cleo decides it."""
    view = world.request("uncertain", "Ben", GenerationInput(UNCERTAIN))
    if view.state != "held":
        return f"decided before: {view.state}"
    subject = stream_name(GenerationRequested, world.clips["uncertain"])
    world.wait(lambda: any(c.subject == subject for c in open_cases()), "the case did not reach the review queue")
    case = next(c for c in open_cases() if c.subject == subject)
    command = DecideCase(
        world.id("decision"), CaseId(str(case.case)), world.person("Cleo"), "approve",
        "Toys on a lawn; nobody is hurt.", case.version,
    )  # fmt: skip
    decide_case(world.log, command)
    world.wait(lambda: world.follow(world.clips["uncertain"]).state == "draft", "the approved prompt was not rendered")
    return f"held by {case.code}; Cleo approved it; rendered"


def smuggle_a_face(world: World) -> str:
    """Ben puts a portrait into an input image. He chooses the renderer: the model knows no such pictures."""
    view = world.request("smuggled", "Ben", GenerationInput(SMUGGLED, image=portrait("hopper"), engine="scene"))
    return _refused(world, view, "face_without_consent")


def read_notices(world: World) -> str:
    """Ana reads her numbered notices."""
    events = world.log.read(uses_of(world.person("Ana")))
    mine = {str(g): name for name, g in world.clips.items()}
    notices = [
        {"number": e.version, "stage": e.fact.stage, "generation": e.fact.generation,
         "of": mine[e.fact.generation], "at": e.at.isoformat()}
        for e in events if isinstance(e.fact, CameoUsed) and e.fact.generation in mine
    ]  # fmt: skip
    world.notes["notices"] = notices
    stages = [(n["of"], n["stage"]) for n in notices]
    for clip in ("clip", "remix"):
        for stage in ("requested", "draft", "published"):
            world.expect(
                stages.count((clip, stage)) == 1, f"{stage} of the {clip} has {stages.count((clip, stage))} notices"
            )
    world.expect(("unasked", "blocked") in stages, "the blocked attempt has no notice")
    numbers = [e.version for e in events]
    world.expect(numbers == list(range(1, len(numbers) + 1)), "a notice is missing")
    return ", ".join(f"{n['number']} {n['stage']} ({n['of']})" for n in notices)


def revoke(world: World) -> str:
    """Ana revokes consent; the clip and its remix leave the feed."""
    ana = world.person("Ana")
    likeness.revoke(world.log, ana, None, world.id("revoke"))
    answers = {
        name: fetch(world.origin, f"/media/{world.clips[name]}.mp4", world.person("Ben"))[0]
        for name in ("clip", "remix")
    }
    world.expect(set(answers.values()) == {410}, f"after the revocation the media addresses answered {answers}")
    world.wait(lambda: not _in_feed(world), "the feed still shows what was revoked")
    return "both media addresses return 410, and the feed no longer has them"


def _publish(world: World, name: str) -> str:
    now = _standing(world, name)
    if now.state != "published":
        view = world.publish(name)
        world.expect(view.state == "published", f"the {name} is {view.state}")
    return "in the feed; Ana has a notice"


def _standing(world: World, name: str) -> Any:
    return standing(world.clips[name])


def _in_feed(world: World) -> bool:
    from placet.feed.queries import newest

    return bool(
        {str(r.generation) for r in newest(settings.PLACET_DEFAULT_REGION, limit=50)}
        & {world.clips["clip"], world.clips["remix"]}
    )


def _refused(world: World, view: GenerationView, *codes: str) -> str:
    world.expect(view.refusal is not None and view.refusal.code in codes, f"expected {codes}, it is {view.state}")
    refusal: Any = view.refusal
    return f"refused: {refusal.code}. {refusal.what_would_pass} Appeal by {refusal.appeal_deadline}."


def _is_revoked(world: World) -> bool:
    return Consent.replay(world.log.read(consent_of(world.person("Ana")))).is_revoked


def _expect_draft_or_published(world: World, view: GenerationView) -> None:
    world.expect(
        view.state in {"draft", "published"}, f"generation {view.id} is {view.state}: {view.refusal or view.failure}"
    )


def _verdicts(view: GenerationView) -> str:
    return ", ".join(f"{check} {outcome}" for check, outcome in view.verdicts.items())


STEPS: Final[tuple[Step, ...]] = (
    file_an_opt_out, enrol, make_a_clip, publish_it, remix_it, publish_the_remix, keep_copies, ask_for_the_character,
    ask_without_consent, decide_a_case, smuggle_a_face, read_notices, revoke, take_receipts,
)  # fmt: skip
