"""Identifiers."""

from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> UUID:
    """Return a new time-ordered identifier (RFC 9562). Neighbours sort by time, but never rely on it for order."""
    return _uuid7()
