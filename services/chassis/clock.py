"""The one place that reads the clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware, in UTC. Read once per entry point and passed down."""
    return datetime.now(UTC)
