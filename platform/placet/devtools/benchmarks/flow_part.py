"""One process of the flow benchmark: a role as in production, or model consumers with recorded embeddings."""

import sys

import django


def main(part: str) -> None:
    """`sequencer`, `consumers`, `model_consumers`, `relay`, or `model_consumers-recorded`."""
    django.setup()
    from placet.processes import services

    if part == "model_consumers-recorded":
        from placet.text.embedder import set_embedder
        from placet.text.embeddings import RecordedEmbedder

        services.model_consumers(hold_models=lambda: set_embedder(RecordedEmbedder()))
    elif part == "sequencer":
        from placet.eventlog.proofs.signed_note import Signer

        services.sequencer(sign_as=lambda: (Signer("bench.invalid", bytes(32)), None))  # not the install's key
    else:
        getattr(services, part)()


if __name__ == "__main__":
    main(sys.argv[1])
