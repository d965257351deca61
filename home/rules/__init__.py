"""Rulebooks: read, described for editors, checked and compared on a corpus of real contexts."""
