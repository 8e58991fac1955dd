"""Synthetic clips: bouncing balls and moving digits."""
