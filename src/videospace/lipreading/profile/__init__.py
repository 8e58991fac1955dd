"""A person's profile: words, clips, models and settings in one folder."""
