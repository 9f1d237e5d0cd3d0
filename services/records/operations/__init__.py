"""Business changes of records: each one transaction, its events inside."""
