"""Refusal code -> the command to run next. For a code that is absent here, the refusal's own hint is shown."""

from typing import Final

HINTS: Final = {
    "person_not_found": "placet users",
    "not_permitted": "placet users",
    "generation_not_found": "placet feed",
    "not_generation_owner": "placet users",
    "not_a_draft": "placet timeline ID",
    "restriction_in_force": "placet timeline ID",
    "nothing_to_cancel": "placet timeline ID",
    "nothing_to_appeal": "placet timeline ID",
    "parent_not_visible": "placet feed",
    "clip_too_long": 'placet generate "PROMPT" --seconds 4',
    "prompt_invalid": 'placet generate "a red ball bounces on grass"',
    "likeness_unknown": "placet likeness enrol FILE",
    "not_depicted": "placet notices",
    "filing_invalid": 'placet opt-out file --character "NAME"',
    "filing_not_found": "placet opt-out list",
    "not_filing_owner": "placet opt-out list",
    "case_not_found": "placet cases list",
    "case_already_decided": "placet cases list",
    "reviewer_excluded": "placet cases list",
    "decision_not_applicable": "placet cases list",
    "consent_is_personal": "placet likeness allow NAME --as ANA",
    "receipt_not_found": "placet receipt issue --filing ID",
    "not_yet_signed": "placet transparency-log audit",
    "no_dead_letters": "placet dead-letters list",
    "never_discarded": "placet dead-letters redrive CONSUMER",
    "sign_in_link_used": "placet sign-in-links",
}
