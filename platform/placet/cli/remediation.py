"""Refusal code -> the command to run next. For a code that is absent here, the refusal's own hint is shown."""

from typing import Final

HINTS: Final = {
    "person_unknown": "placet users",
    "not_permitted": "placet users",
    "no_such_generation": "placet feed",
    "not_yours": "placet users",
    "not_a_draft": "placet timeline ID",
    "standing_open": "placet timeline ID",
    "nothing_to_cancel": "placet timeline ID",
    "nothing_to_appeal": "placet timeline ID",
    "parent_not_shown": "placet feed",
    "clip_too_long": 'placet generate "PROMPT" --seconds 4',
    "prompt_unusable": 'placet generate "a red ball bounces on grass"',
    "likeness_unknown": "placet likeness enrol FILE",
    "not_shown_in_it": "placet notices",
    "filing_unusable": 'placet opt-out file --character "NAME"',
    "no_such_filing": "placet opt-out list",
    "not_your_filing": "placet opt-out list",
    "no_such_case": "placet cases list",
    "case_moved": "placet cases list",
    "not_for_you": "placet cases list",
    "decision_unfit": "placet cases list",
    "only_the_person": "placet likeness allow NAME --as ANA",
    "no_such_receipt": "placet receipt issue --filing ID",
    "not_yet_signed": "placet transparency-log audit",
    "nothing_parked": "placet dead-letters list",
    "never_dropped": "placet dead-letters redrive CONSUMER",
    "link_spent": "placet sign-in-links",
}
