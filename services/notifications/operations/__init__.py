"""Business changes: each one function, one transaction, its events inside."""
