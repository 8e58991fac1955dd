"""Measure how well words are recognized: protocols, scores and plots."""
