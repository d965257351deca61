"""Slot examination from the decision log: estimated, stored, shown, and used by the layout."""
