"""A page that listens to lips: record, recognise, correct, speak."""
