"""Whole videos of any length, completed window by window."""
