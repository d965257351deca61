"""Torch models behind shelves, one per file."""
