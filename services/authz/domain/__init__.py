"""Rules of authz: pure functions of values."""
