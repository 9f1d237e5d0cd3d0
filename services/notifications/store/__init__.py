"""SQL of notifications. Functions take a transaction and never commit."""
