"""Refusal code -> the command to run next. For a code that is absent here, the refusal's own hint is shown."""

from typing import Final

HINTS: Final = {
    "person_unknown": "placet people",
    "not_permitted": "placet people",
    "no_such_generation": "placet feed",
    "not_yours": "placet people",
    "not_a_draft": "placet story ID",
    "standing_open": "placet story ID",
    "nothing_to_cancel": "placet story ID",
    "nothing_to_contest": "placet story ID",
    "parent_not_shown": "placet feed",
    "clip_too_long": 'placet ask "PROMPT" --seconds 4',
    "prompt_unusable": 'placet ask "a red ball bounces on grass"',
    "likeness_unknown": "placet likeness enrol FILE",
    "not_shown_in_it": "placet notices",
    "filing_unusable": 'placet opt-out file --character "NAME"',
    "no_such_filing": "placet opt-out list",
    "not_your_filing": "placet opt-out list",
    "no_such_case": "placet case list",
    "case_moved": "placet case list",
    "not_for_you": "placet case list",
    "decision_unfit": "placet case list",
    "only_the_person": "placet likeness allow NAME --as ANA",
    "no_such_receipt": "placet receipt issue --filing ID",
    "not_yet_signed": "placet log check",
    "nothing_parked": "placet parked list",
    "never_dropped": "placet parked retry CONSUMER",
    "link_spent": "placet links",
}
