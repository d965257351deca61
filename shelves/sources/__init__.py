"""Shelf generators, one source per file."""
