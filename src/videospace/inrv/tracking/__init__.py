"""Finding the tracks of clips: what moves, and where it is at each time."""
