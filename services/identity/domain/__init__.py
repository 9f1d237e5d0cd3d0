"""Rules of identity: pure functions of values."""
