"""Contexts, and the latents that agree with them."""
