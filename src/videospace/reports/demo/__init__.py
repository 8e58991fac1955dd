"""The demo: train on bouncing balls, measure, and show a page."""
