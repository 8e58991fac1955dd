"""How words sound and look: phonemes, visemes, homophenes, units."""
