"""How good a video is, and what it costs."""
