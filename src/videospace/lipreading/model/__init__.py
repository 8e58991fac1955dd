"""The networks that read lips, and their losses."""
