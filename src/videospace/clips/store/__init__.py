"""A store of clips: records, pixel files, and the writer that resumes."""
