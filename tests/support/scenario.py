"""Scenario: given events, when a command, then events; the vocabulary of flow tests."""

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
    """Recipe of the clips that `render` makes."""

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
        """Append facts that are given, and run the flow."""
        self.log.append(stream, facts, expected=self.log.heads([stream])[stream])
        self.driver.run()

    def request(self, by: PersonId, prompt: str = "a red ball bounces", *cameos: PersonId, **more: Any) -> GenerationId:
        """A person requests a clip; the checks run."""
        generation = studio.request_generation(
            self.log, studio.RequestGeneration(new_id(), by, prompt, tuple(cameos), **more)
        )
        self.driver.run()
        return generation

    def render(self, generation: GenerationId) -> bool:
        """Render the next job, if there is one. True when it was this generation's."""
        jobs = Jobs(self.driver.connection)
        claimed = jobs.claim()
        if claimed is None:
            return False
        item, claimed_generation = claimed
        request, sha256 = claimed_generation.required_request, uuid.uuid4().hex * 2
        rendered = e.GenerationRendered(request.generation, sha256, 1, 4.0, "0" * 16, self.recipe, {})
        jobs.finish(item, rendered, str(request.prompt))
        self.driver.run()
        return request.generation == generation

    def state(self, generation: GenerationId) -> Generation:
        return Generation.replay(self.log.read(stream_of(generation)))

    def refusal(self, generation: GenerationId) -> e.GenerationRefused:
        refused = self.state(generation).refused
        assert refused is not None
        return refused

    def decide_only_case(self, decision: Decision, by: PersonId = CLEO) -> None:
        """A reviewer decides the only open case."""
        (case,) = open_cases()
        command = DecideCase(new_id(), CaseId(str(case.case)), by, decision, "a plain case", case.version)
        decide_case(self.log, command)
        self.driver.run()

    def pass_output_checks(self, generation: GenerationId) -> None:
        """Append clear verdicts of the output checks, and a signature."""
        from moderation.events import QualityChecked
        from placet.likeness.events import FacesChecked

        self.given(f"quality-verdict-{generation}", QualityChecked(generation, "quality", 1, "clear"))
        self.given(f"face-verdict-{generation}", FacesChecked(generation, "faces", 1, "clear"))
        self.given(f"signature-{generation}", ClipSigned(generation, "", "f" * 64, "manifest", {}))

    def draft(self, by: PersonId, prompt: str = "a red ball bounces", *cameos: PersonId, **more: Any) -> GenerationId:
        """Take a clip from its request to a draft."""
        generation = self.request(by, prompt, *cameos, **more)
        assert self.render(generation), self.state(generation).state
        self.pass_output_checks(generation)
        assert self.state(generation).state == "draft"
        return generation

    def publish(self, generation: GenerationId, by: PersonId) -> str:
        state = studio.publish(self.log, generation, by, new_id())
        self.driver.run()
        return state

    def notices_of(self, person: PersonId) -> list[tuple[int, str, str]]:
        """(number, stage, generation) of every notice of a person."""
        return [(e.version, e.fact.stage, e.fact.generation) for e in self.log.read(uses_of(person))]

    def outbox_count(self, kind: str) -> int:
        row = self.driver.connection.execute("SELECT count(*) FROM eventlog_outbox WHERE kind = %s", (kind,)).fetchone()
        return int(row[0]) if row else 0
