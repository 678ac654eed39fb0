"""How the small model is made, from scenes that are computed here and from nothing else. Not imported at run time."""
