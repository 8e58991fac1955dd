"""Learning a person's recognizer from the person's own clips, by one of the strategies."""
