"""Rules of records: pure functions of values."""
