"""Simulated listeners whose truth is known, and the closed loop of policies with them."""
