"""The sound and the look of words: phonemes, visemes, homophenes, units."""
