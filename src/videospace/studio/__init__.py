"""A page that listens to lips: record, recognize, correct, speak."""
