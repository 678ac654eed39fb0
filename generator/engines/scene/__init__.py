"""Scene renderer: simple shapes that move by physics and sound on impact. Not a trained model."""
