"""One process of the flow bench: a part as in production, or checks that answer from recorded vectors."""

import sys

import django


def main(part: str) -> None:
    """`sequencer`, `consumers`, `checks`, or `checks-recorded`."""
    django.setup()
    from placet.processes import services

    if part == "checks-recorded":
        from placet.text.embedder import set_embedder
        from placet.text.embeddings import RecordedEmbedder

        services.model_consumers(hold_models=lambda: set_embedder(RecordedEmbedder()))
    elif part == "sequencer":
        from placet.eventlog.proofs.signed_note import Signer

        services.sequencer(sign_as=lambda: (Signer("bench.invalid", bytes(32)), None))  # never the install's own name
    else:
        getattr(services, part)()


if __name__ == "__main__":
    main(sys.argv[1])
