"""Rows of the keys that sign access tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.database import Queries
from services.identity.domain.signing_key import KeyTerm


@dataclass(frozen=True, slots=True)
class StoredKey:
    term: KeyTerm
    private_key: str


async def all_keys(queries: Queries) -> Sequence[StoredKey]:
    """Return the encrypted keys, the first to sign first."""
    rows = await queries.rows("SELECT kid, private_key, signs_from FROM signing_keys ORDER BY signs_from, kid")
    return [StoredKey(KeyTerm(row["kid"], row["signs_from"]), row["private_key"]) for row in rows]


async def lock(queries: Queries) -> None:
    """Let one process at a time make a key."""
    await queries.execute("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")


async def insert(queries: Queries, key: StoredKey, now: datetime) -> None:
    """Add a key, encrypted."""
    await queries.execute(
        "INSERT INTO signing_keys (kid, private_key, created_at, signs_from) VALUES ($1, $2, $3, $4)",
        key.term.kid,
        key.private_key,
        now,
        key.term.signs_from,
    )


async def delete(queries: Queries, kid: str) -> None:
    """Delete a key for good."""
    await queries.execute("DELETE FROM signing_keys WHERE kid = $1", kid)
