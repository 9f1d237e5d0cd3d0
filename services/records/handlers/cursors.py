"""Opaque cursors of lists that have several orders: the order, and where in it the next page begins."""

import base64
import json
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.chassis.problems import FieldError, Invalid
from services.contracts.instants import in_utc
from services.records.domain.record import Record
from services.records.domain.sorting import START, Place, place_of


def of(record: Record, sort: StrEnum) -> str:
    """Return the cursor of the page that follows a record."""
    place = place_of(record, sort)
    key = place.key.isoformat() if isinstance(place.key, datetime) else place.key
    return base64.urlsafe_b64encode(json.dumps([sort.value, key, str(place.id)]).encode()).decode().rstrip("=")


def place(cursor: str, sort: StrEnum) -> Place:
    """Return where the page begins that a cursor stands for. Raises Invalid for a cursor of another order or list."""
    if not cursor:
        return START[sort]
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        order, key, last = json.loads(raw)
        first = START[sort].key
        found = Place(in_utc(datetime.fromisoformat(key)) if isinstance(first, datetime) else key, UUID(last))
        fits = order == sort.value and type(found.key) is type(first) and _is_storable(found)
    except (ValueError, TypeError, AttributeError, RecursionError):
        fits, found = False, START[sort]
    if not fits:
        raise Invalid(errors=[FieldError("/cursor", "cursor", "This list, in this order, gave no such cursor.")])
    return found


def _is_storable(found: Place) -> bool:
    match found.key:
        case datetime():
            return True
        case int():
            return -(2**63) <= found.key < 2**63
        case str():
            return found.key.isprintable()
