"""Diffusion models behind the engine port, loaded by diffusers: the shipped small one, and an operator's own."""
