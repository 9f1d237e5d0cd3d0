"""Rows of the keys that sign access tokens."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import Queries


async def all_keys(queries: Queries) -> Sequence[tuple[str, str]]:
    """Return key ids and encrypted keys, oldest first."""
    rows = await queries.rows("SELECT kid, private_key FROM signing_keys ORDER BY created_at, kid")
    return [(row["kid"], row["private_key"]) for row in rows]


async def lock(queries: Queries) -> None:
    """Let one process at a time make a key."""
    await queries.execute("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")


async def insert(queries: Queries, kid: str, private_key: str, now: datetime) -> None:
    """Add a key, encrypted."""
    await queries.execute(
        "INSERT INTO signing_keys (kid, private_key, created_at) VALUES ($1, $2, $3)", kid, private_key, now
    )
