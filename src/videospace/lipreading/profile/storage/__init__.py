"""What a profile is on disk: its folder, its database, and what it may hold."""
