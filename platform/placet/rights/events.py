"""Rights: what rights holders opt out of, and what that stopped."""

from typing import Annotated, Any

from placet.eventlog.store.event import Encrypted, EncryptedFor, FilingId, PersonId, event
from placet.kernel.verdict import Verdict


@event("rights.opt_out_filed.v1", stream="filing")
class OptOutFiled:
    """One filing for a work: names, aliases and a description, for generation and for training."""

    filing: FilingId
    holder: PersonId
    names: tuple[str, ...]
    description: str
    acts: tuple[str, ...]
    regions: tuple[str, ...]
    until: str | None
    statement: Annotated[Encrypted, EncryptedFor("holder")]


@event("rights.filing_held.v1", stream="filing")
class FilingHeld:
    """A name that would stop too much waits for a human before it is in force."""

    filing: FilingId
    reason: str


@event("rights.filing_rejected.v1", stream="filing")
class FilingRejected:
    filing: FilingId
    rejected_by: PersonId


@event("rights.opt_out_activated.v1", stream="opt-out-registry", serialized=True)
class OptOutActivated:
    """From this version of the stream on, the filing applies to every check."""

    filing: FilingId
    accepted_by: PersonId | None = None


@event("rights.opt_out_ended.v1", stream="opt-out-registry", serialized=True)
class OptOutEnded:
    filing: FilingId
    ended_by: PersonId


@event("rights.existing_matches_found.v1", stream="filing")
class ExistingMatchesFound:
    """The published clips that a new filing would match, for a person to look at: nothing is taken down by this."""

    filing: FilingId
    generations: tuple[dict[str, Any], ...]


@event("rights.prompt_rights_checked.v1", stream="prompt-rights-verdict")
class PromptRightsChecked(Verdict):
    """The prompt against every opt-out in force."""


@event("rights.output_rights_checked.v1", stream="output-rights-verdict")
class OutputRightsChecked(Verdict):
    """What the engine says it drew, against every opt-out in force."""


GENERATION = "generation"
TRAINING = "training"
