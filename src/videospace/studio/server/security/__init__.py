"""Who may ask: access checks, TLS certificates, connections."""
