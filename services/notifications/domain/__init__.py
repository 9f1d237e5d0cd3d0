"""Rules of notifications: pure functions of values."""
