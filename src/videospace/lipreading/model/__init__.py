"""The networks for lipreading, and their losses."""
