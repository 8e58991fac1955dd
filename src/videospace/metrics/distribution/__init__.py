"""How near a set of generated videos is to a set of real ones."""
