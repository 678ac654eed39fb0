"""Fake worker: replaces the generator, the output checks and the signer, for tests without a model."""

from dataclasses import dataclass

from moderation.events import QualityChecked
from placet.kernel.ids import GenerationId
from placet.likeness.events import FacesChecked
from placet.media.blobs import Area
from placet.media.storage import blobs
from placet.studio.models import GenerationRow
from provenance.events import ClipSigned
from tests.support.scenario import Scenario

REPLACED = frozenset({"moderation.check_quality", "likeness.check_faces", "provenance.sign_clip"})


@dataclass
class FakeWorker:
    """`tick` runs the flow and renders, checks and signs everything that is approved."""

    scenario: Scenario

    def __post_init__(self) -> None:
        self.scenario.driver.stopped_consumers |= REPLACED

    def tick(self) -> None:
        self.scenario.driver.run()
        for row in GenerationRow.objects.filter(state="approved"):
            generation = GenerationId(str(row.generation))
            if self.scenario.render(generation):
                self._finish(generation)

    def bytes_of(self, generation: str) -> bytes:
        return f"the signed bytes of {generation}".encode()

    def _finish(self, generation: GenerationId) -> None:
        signed = blobs().put(self.bytes_of(generation), Area.RELEASED)
        self.scenario.given(f"quality-verdict-{generation}", QualityChecked(generation, "quality", 1, "clear"))
        self.scenario.given(f"face-verdict-{generation}", FacesChecked(generation, "faces", 1, "clear"))
        self.scenario.given(f"signature-{generation}", ClipSigned(generation, "", signed.sha256, "manifest", {}))
