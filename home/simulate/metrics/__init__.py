"""What a whole page is like, beyond its clicks: one measure, or a few of a kind, in each file."""
