"""What a proof is refused for."""

from placet.kernel.refusal import Refusal


class ProofRequestInvalid(Refusal):
    """The question for a proof cannot be read."""

    code = "proof_request_invalid"
    hint = "Ask with whole numbers, for example /log/proof/inclusion?index=0&size=1."
    status = 400


class NotInTree(Refusal):
    """The tree does not have this."""

    code = "not_in_tree"
    hint = "See the size in /log/checkpoint."
    status = 404


class NotYetSigned(Refusal):
    """No tree head covers this yet."""

    code = "not_yet_signed"
    hint = "Try again in a second; `placet transparency-log audit` says what is wrong where it lasts."
    status = 503


class ReceiptNotFound(Refusal):
    """There is no event under this id of which you could have a receipt."""

    code = "receipt_not_found"
    hint = "A receipt is for whom its event concerns: for your filing, `placet receipt issue --filing ID`."
    status = 404
