"""Access control, TLS certificates and connections."""
