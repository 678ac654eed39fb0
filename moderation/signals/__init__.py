"""Models behind ports: the only room that imports torch, sentence_transformers or open_clip."""
