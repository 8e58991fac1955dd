"""Training a space on a store of clips."""
