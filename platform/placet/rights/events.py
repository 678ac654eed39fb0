"""Events of rights: opt-outs of rights holders, and the checks against them."""

from typing import Annotated, Any

from placet.eventlog.store.event import Encrypted, EncryptedFor, FilingId, PersonId, event
from placet.kernel.verdict import Verdict


@event("rights.opt_out_filed.v1", stream="filing")
class OptOutFiled:
    """A rights holder filed an opt-out for one work: names, aliases and a description; acts, regions and term."""

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
    """A filing waits for a reviewer, because one of its names would block too much."""

    filing: FilingId
    reason: str


@event("rights.filing_rejected.v1", stream="filing")
class FilingRejected:
    """A reviewer rejected a filing: it never comes into force."""

    filing: FilingId
    rejected_by: PersonId


@event("rights.opt_out_activated.v1", stream="opt-out-registry", serialized=True)
class OptOutActivated:
    """The filing is in force: from this version of the stream on it applies to every check."""

    filing: FilingId
    accepted_by: PersonId | None = None


@event("rights.opt_out_ended.v1", stream="opt-out-registry", serialized=True)
class OptOutEnded:
    """The filing ended: it applies to nothing from this version of the stream on."""

    filing: FilingId
    ended_by: PersonId


@event("rights.existing_matches_found.v1", stream="filing")
class ExistingMatchesFound:
    """The published clips that a new filing matches, for a reviewer; nothing is taken down."""

    filing: FilingId
    generations: tuple[dict[str, Any], ...]


@event("rights.prompt_rights_checked.v1", stream="prompt-rights-verdict")
class PromptRightsChecked(Verdict):
    """Verdict: the prompt against every opt-out in force."""


@event("rights.output_rights_checked.v1", stream="output-rights-verdict")
class OutputRightsChecked(Verdict):
    """Verdict: the caption of what the engine drew, against every opt-out in force."""
