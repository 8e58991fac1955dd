"""Clips made by a program: bouncing balls and drifting digits."""
