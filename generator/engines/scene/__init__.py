"""A scene renderer: prompt → simple shapes that move by physics, with the sound of their impacts. Not a trained model."""
