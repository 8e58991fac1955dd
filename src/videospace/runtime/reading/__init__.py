"""Reading what another program may have written: JSON, archives and configurations."""
