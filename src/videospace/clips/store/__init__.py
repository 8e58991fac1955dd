"""A store of clips: records, pixel files, and a writer that resumes."""
