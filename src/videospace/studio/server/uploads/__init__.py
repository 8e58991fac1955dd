"""Receive uploads: size limits, temporary folders, sandboxed decoding."""
