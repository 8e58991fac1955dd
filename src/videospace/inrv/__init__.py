"""INR-V: one point of a continuous latent space is a whole clip."""
