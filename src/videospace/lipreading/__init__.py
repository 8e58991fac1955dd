"""One-shot lipreading: learn a person's silently mouthed words from one clip each."""
