"""The store of one person: words, clips, models, settings and usage in one folder."""
