"""The outside world of notifications that is not SQL."""
