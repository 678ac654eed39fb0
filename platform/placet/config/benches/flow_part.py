"""One process of the flow bench: a part as in production, or checks that answer from recorded vectors."""

import sys

import django


def main(part: str) -> None:
    """`sequencer`, `consumers`, `checks`, or `checks-recorded`."""
    django.setup()
    from placet.config import roles

    if part == "checks-recorded":
        from placet.words.current import hold
        from placet.words.vectors import RecordedEmbedder

        roles.checks(hold_models=lambda: hold(RecordedEmbedder()))
    elif part == "sequencer":
        from placet.eventlog.proofs.note import Signer

        roles.sequencer(sign_as=lambda: (Signer("bench.invalid", bytes(32)), None))  # never the install's own name
    else:
        getattr(roles, part)()


if __name__ == "__main__":
    main(sys.argv[1])
