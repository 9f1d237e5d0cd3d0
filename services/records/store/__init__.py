"""SQL of records. Functions take a transaction and never commit."""
