"""The outside world of identity that is not SQL."""
