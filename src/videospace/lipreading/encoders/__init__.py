"""Networks that turn mouth clips into embeddings, one a frame."""
