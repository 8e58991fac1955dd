"""Commands that render latents of a space."""
