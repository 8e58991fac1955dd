"""What clients send: size limits, temporary folders, decoding in a sandbox."""
