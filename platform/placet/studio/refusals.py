"""Refusals of the studio, before anything is recorded."""

from placet.kernel.refusal import Refusal


class PromptInvalid(Refusal):
    code = "prompt_invalid"
    hint = "Send 1 to 2,000 characters of valid text, without NUL."


class EngineNotLicensedHere(Refusal):
    code = "engine_not_licensed_here"
    hint = "Choose another engine: the licence of this one excludes your region."
    status = 451


class ClipTooLong(Refusal):
    code = "clip_too_long"
    hint = "Request 1 to 10 seconds."


class GenerationNotFound(Refusal):
    code = "generation_not_found"
    hint = "Look for it in your drafts or in the feed."
    status = 404


class ParentNotVisible(Refusal):
    code = "parent_not_visible"
    hint = "Remix a clip that is in the feed, or a draft of your own."


class NotADraft(Refusal):
    code = "not_a_draft"
    hint = "Only a finished draft can be published: wait until it is signed; its timeline shows what stopped it."
    status = 409


class RestrictionInForce(Refusal):
    code = "restriction_in_force"
    hint = "A restriction of this clip is open: see its timeline."
    status = 409


class NotGenerationOwner(Refusal):
    code = "not_generation_owner"
    hint = "Only the requester of this generation may do that."
    status = 403


class NothingToCancel(Refusal):
    code = "nothing_to_cancel"
    hint = "It has already ended. Nobody but you and reviewers sees a draft that is not published."
    status = 409
