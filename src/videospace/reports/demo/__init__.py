"""The demo: train on bouncing balls, measure the space, and write a page."""
