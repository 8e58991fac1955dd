"""New videos from a learned distribution of latents."""
