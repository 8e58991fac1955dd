"""Encoders: networks that turn mouth clips into one embedding per frame."""
