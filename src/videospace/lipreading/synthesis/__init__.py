"""Speak texts: voices, their sound, and the times of the phonemes in it."""
