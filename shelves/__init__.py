"""What could be shown: items, listeners, and the sources that propose shelves."""
