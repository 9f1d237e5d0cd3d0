"""The numbers by which people call listings."""

from services.chassis.database import Transaction, UniqueViolation
from services.chassis.problems import FieldError
from services.records.domain.listing import Listing, NumberTaken


async def save(tx: Transaction, listing: Listing) -> None:
    """Write the number of a listing. Raises NumberTaken."""
    try:
        await tx.execute(
            "UPDATE listings SET number = $3 WHERE tenant_id = $1 AND id = $2", tx.tenant_id, listing.id, listing.number
        )
    except UniqueViolation:
        raise NumberTaken(errors=[FieldError("/number", NumberTaken.code, NumberTaken.title)]) from None


async def take_next(tx: Transaction) -> str:
    """Return the tenant's next number, counted from 1. Creates of one tenant queue here, so that none is skipped."""
    given: int = await tx.value(
        """
        INSERT INTO listing_numbers AS counter (tenant_id, last_given)
        VALUES ($1, 1)
        ON CONFLICT (tenant_id) DO UPDATE SET last_given = counter.last_given + 1
        RETURNING last_given
        """,
        tx.tenant_id,
    )
    return str(given)
