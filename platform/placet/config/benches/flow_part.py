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
    else:
        getattr(roles, part)()


if __name__ == "__main__":
    main(sys.argv[1])
