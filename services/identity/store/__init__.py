"""SQL of identity. Functions take a transaction and never commit."""
