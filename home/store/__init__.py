"""Every query, one module per aggregate. Functions take a session and never commit: the edge does."""
