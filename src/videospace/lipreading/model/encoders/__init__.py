"""Networks that turn mouth clips into embeddings, one per frame."""
