"""Latents to videos of any size, in bounded memory."""
