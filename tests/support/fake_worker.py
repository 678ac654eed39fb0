"""A tick for commands that wait: the flow moves, and the story itself plays the worker, the eyes and the signer."""

from dataclasses import dataclass

from moderation.events import ClipMeasured
from placet.kernel.ids import GenerationId
from placet.likeness.events import FacesChecked
from placet.media.blobs import Area
from placet.media.storage import blobs
from placet.studio.models import GenerationRow
from provenance.events import ClipSigned
from tests.support.scenario import Story

PLAYED = frozenset({"moderation.measure_clip", "likeness.check_faces", "provenance.sign_clip"})


@dataclass
class Play:
    story: Story

    def __post_init__(self) -> None:
        self.story.pump.without |= PLAYED

    def tick(self) -> None:
        self.story.pump.run()
        for row in GenerationRow.objects.filter(state="approved"):
            generation = GenerationId(str(row.generation))
            if self.story.make(generation):
                self._finish(generation)

    def bytes_of(self, generation: str) -> bytes:
        return f"the signed bytes of {generation}".encode()

    def _finish(self, generation: GenerationId) -> None:
        signed = blobs().put(self.bytes_of(generation), Area.RELEASED)
        self.story.given(f"technical-verdict-{generation}", ClipMeasured(generation, "technical", 1, "clear"))
        self.story.given(f"face-verdict-{generation}", FacesChecked(generation, "faces", 1, "clear"))
        self.story.given(f"signature-{generation}", ClipSigned(generation, "", signed.sha256, "manifest", {}))
