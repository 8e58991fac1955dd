"""Semantic features of clips: frame encoders and principal components."""
