"""Rules of listings: pure functions of values."""
