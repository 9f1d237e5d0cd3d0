"""What a list shows, in the plainest Python: decide on every record, then filter what may be seen of it."""

from collections.abc import Sequence
from typing import Any

from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import View
from services.records.domain.record import Filter, Record

EQUAL = ("standard_status", "transaction_type", "property_type", "municipality", "office_id", "currency")

SEARCHED = {
    "listings": (("number", "title", "municipality"), ()),
    "inquiries": (("number", "municipalities"), ("note",)),
    "contacts": (("number",), ("name", "note")),
}
"""Fields of the stock that have words: in the public view, and besides in full."""


def expected(section: str, stock: Sequence[Record], snapshot: AccessSnapshot, asked: Filter) -> list[Record]:
    """Return the records of an ordered stock that the caller's list shows."""
    kept = {
        "listings": _listing_is_asked_for,
        "inquiries": _inquiry_is_asked_for,
        "contacts": _contact_is_asked_for,
    }[section]
    found = list[Record]()
    for record in stock:
        view = snapshot.decide(f"{section}.list", record.facts())
        if view is None:
            continue
        if asked.assignee_id is not None and (view is not View.FULL or record.assignee_id != asked.assignee_id):
            continue
        if asked.office_id not in (None, record.office_id):
            continue
        if not all(_has(record, word, SEARCHED[section], in_full=view is View.FULL) for word in asked.words):
            continue
        if kept(record, asked):
            found.append(record)
    return found


def _has(record: Any, beginning: str, searched: tuple[tuple[str, ...], tuple[str, ...]], *, in_full: bool) -> bool:
    names = (*searched[0], *(searched[1] if in_full else ()))
    texts = [str(getattr(record, name) or "") for name in names]
    words = " ".join(texts).lower().translate(str.maketrans("(),'", "    ")).split()
    return any(word.startswith(beginning) for word in words)


def _listing_is_asked_for(listing: Any, asked: Any) -> bool:
    if any(getattr(asked, name) not in (None, getattr(listing, name)) for name in EQUAL):
        return False
    price = listing.list_price_minor
    at_least, at_most = asked.list_price_minor_min, asked.list_price_minor_max
    return (at_least is None or (price is not None and price >= at_least)) and (
        at_most is None or (price is not None and price <= at_most)
    )


def _contact_is_asked_for(contact: Any, asked: Any) -> bool:
    return asked.legal_form in (None, contact.legal_form) and (asked.role is None or asked.role in contact.roles)


def _inquiry_is_asked_for(inquiry: Any, asked: Any) -> bool:
    if any(
        getattr(asked, name) not in (None, getattr(inquiry, name)) for name in ("standard_status", "transaction_type")
    ):
        return False
    for wanted, one in (
        (inquiry.property_types, asked.property_type),
        (inquiry.municipalities, asked.municipality),
    ):
        if one is not None and wanted and one not in wanted:
            return False
    if asked.currency is not None and inquiry.currency not in (None, asked.currency):
        return False
    price, least, most = asked.list_price_minor, inquiry.list_price_minor_min, inquiry.list_price_minor_max
    return price is None or ((least is None or least <= price) and (most is None or price <= most))
