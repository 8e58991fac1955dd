"""Commands that find latents whose renders agree with videos."""
