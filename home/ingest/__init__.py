"""Loading real data sets into the catalogue."""
