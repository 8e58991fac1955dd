"""Clips to learn from: corpora, footage, augmentation, padded batches."""
