"""The networks: encoding, INR, hypernetwork, latents, encoder."""
