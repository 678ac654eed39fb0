"""Given events, when a command, then events: the words that flow tests are written in."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from moderation.commands import DecideCase, decide_case
from moderation.events import Decision
from moderation.queries import open_cases
from placet.eventlog.store.log import EventLog, current_log
from placet.kernel.ids import CaseId, GenerationId, PersonId
from placet.likeness.consent import consent_of, uses_of
from placet.likeness.events import LikenessEnrolled
from placet.people.commands import join
from placet.people.events import PersonJoined
from placet.studio import commands as studio
from placet.studio import events as e
from placet.studio.generation import Generation, stream_of
from placet.studio.jobs import Jobs
from provenance.events import ClipSigned
from tests.support.cast import ANA, BEN, CLEO, DARA, EVE
from tests.support.flow_driver import FlowDriver

ROLES = {ANA: ("creator",), BEN: ("creator",), CLEO: ("reviewer",), DARA: ("rights_holder",), EVE: ()}
NAMES = {ANA: "Ana", BEN: "Ben", CLEO: "Cleo", DARA: "Dara", EVE: "Eve"}


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass
class Scenario:
    driver: FlowDriver
    recipe: dict[str, Any] = field(default_factory=dict)
    """Of the clips that are made."""

    @property
    def log(self) -> EventLog:
        return current_log()

    def begin(self) -> None:
        """The cast joins; Ana's likeness is enrolled."""
        for person, roles in ROLES.items():
            fact = PersonJoined(person, NAMES[person], f"{NAMES[person].lower()}@example.org", roles)
            join(self.log, fact, new_id())
        self.given(consent_of(ANA), LikenessEnrolled(ANA, new_id(), "0" * 64, "none"))

    def given(self, stream: str, *facts: object) -> None:
        """Facts that stand before the story begins."""
        self.log.append(stream, facts, expected=self.log.heads([stream])[stream])
        self.driver.run()

    def ask(self, by: PersonId, prompt: str = "a red ball bounces", *cameos: PersonId, **more: Any) -> GenerationId:
        """Somebody asks; the checks answer."""
        made = studio.request_generation(
            self.log, studio.RequestGeneration(new_id(), by, prompt, tuple(cameos), **more)
        )
        self.driver.run()
        return made

    def make(self, generation: GenerationId) -> bool:
        """A worker makes the next run, if there is one. True when it was this generation's."""
        runs = Jobs(self.driver.connection)
        claimed = runs.claim()
        if claimed is None:
            return False
        held, claimed_generation = claimed
        sha256 = uuid.uuid4().hex * 2
        made = e.GenerationRendered(claimed_generation.asked.generation, sha256, 1, 4.0, "0" * 16, self.recipe, {})
        runs.finish(held, made, str(claimed_generation.asked.prompt))
        self.driver.run()
        return claimed_generation.asked.generation == generation

    def state(self, generation: GenerationId) -> Generation:
        return Generation.replay(self.log.read(stream_of(generation)))

    def refusal(self, generation: GenerationId) -> e.GenerationRefused:
        refused = self.state(generation).refused
        assert refused is not None
        return refused

    def decide_only_case(self, decision: Decision, by: PersonId = CLEO) -> None:
        """Cleo decides the one case that is open."""
        (case,) = open_cases()
        ask = DecideCase(new_id(), CaseId(str(case.case)), by, decision, "as I see it", case.version)
        decide_case(self.log, ask)
        self.driver.run()

    def approve_output(self, generation: GenerationId) -> None:
        """What the eyes and ears of the output checks would say of a plain clip; signing as if done."""
        from moderation.events import QualityChecked
        from placet.likeness.events import FacesChecked

        self.given(f"quality-verdict-{generation}", QualityChecked(generation, "quality", 1, "clear"))
        self.given(f"face-verdict-{generation}", FacesChecked(generation, "faces", 1, "clear"))
        self.given(f"signature-{generation}", ClipSigned(generation, "", "f" * 64, "manifest", {}))

    def draft(self, by: PersonId, prompt: str = "a red ball bounces", *cameos: PersonId, **more: Any) -> GenerationId:
        """From the request to a draft."""
        generation = self.ask(by, prompt, *cameos, **more)
        assert self.make(generation), self.state(generation).state
        self.approve_output(generation)
        assert self.state(generation).state == "draft"
        return generation

    def publish(self, generation: GenerationId, by: PersonId) -> str:
        state = studio.publish(self.log, generation, by, new_id())
        self.driver.run()
        return state

    def notices_of(self, person: PersonId) -> list[tuple[int, str, str]]:
        """(number, stage, generation) of every use that a person was told of."""
        return [(e.version, e.fact.stage, e.fact.generation) for e in self.log.read(uses_of(person))]

    def outbox(self, kind: str) -> int:
        row = self.driver.connection.execute("SELECT count(*) FROM eventlog_outbox WHERE kind = %s", (kind,)).fetchone()
        return int(row[0]) if row else 0
