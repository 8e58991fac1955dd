"""HTML pages, film strips and side-by-side videos."""
