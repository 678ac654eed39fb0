"""Refusals of moderation."""

from placet.kernel.refusal import Refusal


class CaseNotFound(Refusal):
    code = "case_not_found"
    hint = "See the open cases: `placet cases list`, or the review page."
    status = 404


class CaseAlreadyDecided(Refusal):
    code = "case_already_decided"
    hint = "Another reviewer decided this case first. Your text is still in the form: read their decision first."
    status = 409


class ReviewerExcluded(Refusal):
    code = "reviewer_excluded"
    hint = "You handled this before or are involved in it, so another reviewer must decide."
    status = 403


class DecisionNotApplicable(Refusal):
    code = "decision_not_applicable"
    hint = "Approve or reject a hold or filing, uphold or overturn an appeal, dismiss a report or remove the clip."


class ConsentIsPersonal(Refusal):
    code = "consent_is_personal"
    hint = "No reviewer can give a person's consent: only the person can, on their likeness page."


class NothingToAppeal(Refusal):
    code = "nothing_to_appeal"
    hint = "Only a refused generation of your own can be appealed, once, until the date that its refusal names."
    status = 409
