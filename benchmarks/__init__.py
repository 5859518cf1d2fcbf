"""Side-by-side measurements; each writes a small JSON beside itself."""
