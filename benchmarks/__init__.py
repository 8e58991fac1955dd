"""Measurements, one module a question; each runs as ``python -m benchmarks.NAME``."""
