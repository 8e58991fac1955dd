"""What a clip is, and where clips come from."""
