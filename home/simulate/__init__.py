"""Closed-loop simulation against listeners whose truth is known."""
