"""The outside world of authz that is not SQL."""
