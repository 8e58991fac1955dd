"""One command, a minute, and a page of videos that a space has made."""
