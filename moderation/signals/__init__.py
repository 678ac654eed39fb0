"""Models of moderation: the only package of it that imports sentence_transformers."""
