"""Commands of the `home` command line, one per file."""
