"""A trained space: its files, samples, latent prior and projection."""
