"""Examination from the decision log."""
