"""Rules of required fields as rows: every version that there was."""

import json
from datetime import datetime
from typing import cast

from services.chassis.database import Transaction, UniqueViolation
from services.chassis.problems import Stale
from services.contracts.vocabulary import UserId
from services.records.domain.required import RuleSet, Stage


async def find(tx: Transaction, section: str) -> RuleSet:
    """Return the rules of a section. No scope: whoever fills in a form may know what it wants."""
    row = await tx.row(
        """
        SELECT version, fields::text AS fields
          FROM required_fields
         WHERE tenant_id = $1 AND section = $2
         ORDER BY version DESC
         LIMIT 1
        """,
        tx.tenant_id,
        section,
    )
    if row is None:
        return RuleSet(0, {})
    fields = cast("dict[str, list[str]]", json.loads(row["fields"]))
    return RuleSet(row["version"], {Stage(stage): frozenset(names) for stage, names in fields.items()})


async def insert(tx: Transaction, section: str, made: RuleSet, by: UserId, now: datetime) -> None:
    """Add the next version of a section's rules. Raises Stale if there is one of that number."""
    try:
        await tx.execute(
            """
            INSERT INTO required_fields (tenant_id, section, version, fields, changed_by, changed_at)
            VALUES ($1, $2, $3, $4::text::jsonb, $5, $6)
            """,
            tx.tenant_id,
            section,
            made.version,
            json.dumps({stage: sorted(names) for stage, names in made.rules.items()}),
            by,
            now,
        )
    except UniqueViolation:
        raise Stale from None
