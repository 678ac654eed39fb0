"""What the people room refuses, in words."""

from placet.kernel.refusal import Refusal


class InviteUnknown(Refusal):
    code = "invite_unknown"
    hint = "Ask the person who invited you for a new link: each works once."
    status = 404


class PersonNotFound(Refusal):
    code = "person_unknown"
    hint = "Use a name that `placet users` lists."
    status = 404


class SignInLinkUsed(Refusal):
    code = "link_spent"
    hint = "Each sign-in link works once and for an hour. Ask for a new one: `placet sign-in-links`."
    status = 403
