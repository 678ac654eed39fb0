"""Text for the checks: normalised, with positions in the requester's original."""
