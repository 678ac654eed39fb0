"""Refusals of the people room."""

from placet.kernel.refusal import Refusal


class InviteInvalid(Refusal):
    code = "invite_invalid"
    hint = "Ask the person who invited you for a new link: each link works once."
    status = 404


class PersonNotFound(Refusal):
    code = "person_not_found"
    hint = "Use a name that `placet users` lists."
    status = 404


class SignInLinkUsed(Refusal):
    code = "sign_in_link_used"
    hint = "Each sign-in link works once and for an hour. Ask for a new one: `placet sign-in-links`."
    status = 403
