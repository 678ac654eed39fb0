"""Refusals of proofs."""

from placet.kernel.refusal import Refusal


class ProofRequestInvalid(Refusal):
    """The request for a proof is invalid."""

    code = "proof_request_invalid"
    hint = "Ask with whole numbers, for example /log/proof/inclusion?index=0&size=1."
    status = 400


class NotInTree(Refusal):
    """The tree does not contain this."""

    code = "not_in_tree"
    hint = "See the size in /log/checkpoint."
    status = 404


class NotYetSigned(Refusal):
    """No tree head covers this yet."""

    code = "not_yet_signed"
    hint = "Try again in a second. If it persists, run `placet transparency-log audit`."
    status = 503


class ReceiptNotFound(Refusal):
    """There is no event with this id that you can have a receipt for."""

    code = "receipt_not_found"
    hint = "Receipts are issued to those whom the event concerns: for your filing, `placet receipt issue --filing ID`."
    status = 404
