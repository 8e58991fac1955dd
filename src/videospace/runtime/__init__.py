"""Devices, process groups, checkpoints, logs and files."""
