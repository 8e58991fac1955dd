"""Training on other speakers."""
