"""Aggregate of one filing, folded from its events. No clock, no database."""

from dataclasses import dataclass
from typing import Final, Literal

from placet.eventlog.store.log import Stream
from placet.rights import events as e

OPT_OUTS: Final = "opt-out-registry"
"""The serialized stream of the opt-outs in force: one short append per filing."""
State = Literal["unknown", "filed", "waiting", "in_force", "rejected", "ended"]


@dataclass(slots=True)
class Filing:
    """A filing and whether it waits for a reviewer."""

    version: int = 0
    filed: e.OptOutFiled | None = None
    state: State = "unknown"
    reason: str = ""

    @classmethod
    def replay(cls, stream: Stream) -> "Filing":
        """Fold a filing's stream. Whether it is in force is in `opt-out-registry`, not here."""
        self = cls(version=stream.version)
        for fact in stream.facts:
            match fact:
                case e.OptOutFiled():
                    self.filed, self.state = fact, "filed"
                case e.FilingHeld(reason=reason):
                    self.state, self.reason = "waiting", reason
                case e.FilingRejected():
                    self.state = "rejected"
        return self


def in_force(stream: Stream) -> set[str]:
    """The filings in force, from the stream `opt-out-registry`."""
    filings: set[str] = set()
    for fact in stream.facts:
        match fact:
            case e.OptOutActivated(filing=filing):
                filings.add(filing)
            case e.OptOutEnded(filing=filing):
                filings.discard(filing)
    return filings
