"""How well words are recognized."""
