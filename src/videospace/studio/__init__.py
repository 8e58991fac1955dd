"""Browser app for lipreading and video spaces."""
