"""A scene renderer: from a prompt to simple shapes that move by physics and sound as they hit. Not a trained model."""
