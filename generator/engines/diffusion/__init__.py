"""Diffusion models behind the engine port, as diffusers loads them: the small trained one, and an operator's own."""
