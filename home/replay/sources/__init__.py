"""Where logged rounds come from: one reader per file, each a stream of chunks of columns.

Every reader rejects, and lists, rows that cannot be: an estimate from a wrong propensity is worse than none.
"""
