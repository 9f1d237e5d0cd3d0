"""The numbers by which people call records, counted per section."""

from services.chassis.database import Transaction


async def take_next(tx: Transaction, section: str) -> str:
    """Return the section's next number, counted from 1. Creates of one tenant queue here, so that none is skipped.

    No scope: the number is nobody's yet.
    """
    given: int = await tx.value(
        """
        INSERT INTO record_numbers AS counter (tenant_id, section, last_given)
        VALUES ($1, $2, 1)
        ON CONFLICT (tenant_id, section) DO UPDATE SET last_given = counter.last_given + 1
        RETURNING last_given
        """,
        tx.tenant_id,
        section,
    )
    return str(given)
