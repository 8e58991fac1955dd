"""Training on a person's own clips, by one of the strategies."""
