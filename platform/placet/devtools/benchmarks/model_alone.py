"""The sentence model alone: prompts per second, one number on stdout."""

import time

from moderation.signals.embedding import BATCH, SentenceEmbedder

SECONDS = 6.0


def main() -> None:
    """Unique prompts in full batches, after one to warm up."""
    model, count = SentenceEmbedder(), 0
    model.embed(["warm"])
    start = time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        model.embed([f"a red ball bounces on the grass next to a blue cube {count + n}" for n in range(BATCH)])
        count += BATCH
    print(count / (time.perf_counter() - start))


if __name__ == "__main__":
    main()
