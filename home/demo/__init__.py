"""The embedded catalogue: generated music, podcasts, audiobooks, video and listeners."""
