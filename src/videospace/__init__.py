"""Learned, continuous spaces of videos."""
