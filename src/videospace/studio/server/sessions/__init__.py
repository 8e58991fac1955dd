"""State of a running studio: profiles, recognition and open spaces."""
