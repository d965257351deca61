"""Compose, remember, learn and judge: the only package that knows the database, files, clock and seeds."""
