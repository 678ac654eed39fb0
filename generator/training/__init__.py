"""Training of the small model, on procedural scenes alone. Not imported at run time."""
