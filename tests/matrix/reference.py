"""What a list shows, in the plainest Python: decide on every record, then filter what may be seen of it."""

from collections.abc import Sequence
from typing import Any

from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import View
from services.records.domain.record import Filter, Record

WITHIN = (
    ("list_price_minor", "list_price_minor_min", "list_price_minor_max"),
    ("living_area_m2", "living_area_min_m2", "living_area_max_m2"),
    ("plot_area_m2", "plot_area_min_m2", "plot_area_max_m2"),
    ("rooms", "rooms_min", "rooms_max"),
    ("bedrooms_total", "bedrooms_min", "bedrooms_max"),
    ("floor", "floor_min", "floor_max"),
    ("year_built", "year_built_min", "year_built_max"),
)
TAKEN = ("living_area_m2", "plot_area_m2", "rooms", "bedrooms", "floor", "year_built")
HIDDEN = {
    "listings": ("is_private", "superoffer", "no_commission", "banner", "investment"),
    "inquiries": ("is_private", "no_commission", "budget_confirmed", "financing", "urgency"),
    "contacts": (),
}
"""Fields that only the full view shows, and that are compared only there."""
EQUAL = ("transaction_type", "property_type", "municipality", "office_id", "currency", "property_sub_type", "district")

SEARCHED = {
    "listings": (("number", "title", "municipality", "district"), ()),
    "inquiries": (("number", "municipalities", "districts"), ("note",)),
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
        hidden = [name for name in HIDDEN[section] if getattr(asked, name) is not None]
        if any(view is not View.FULL or getattr(record, name) != getattr(asked, name) for name in hidden):
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


def _is_recent(record: Any, asked: Any) -> bool:
    return record.created_at >= asked.created_since and record.updated_at >= asked.updated_since


def _has_status(record: Any, asked: Any) -> bool:
    return asked.standard_status is None or record.standard_status in asked.standard_status


def _listing_is_asked_for(listing: Any, asked: Any) -> bool:
    if not (_has_status(listing, asked) and _is_recent(listing, asked)):
        return False
    if any(getattr(asked, name) not in (None, getattr(listing, name)) for name in EQUAL):
        return False
    for name, least, most in WITHIN:
        value, at_least, at_most = getattr(listing, name), getattr(asked, least), getattr(asked, most)
        if at_least is not None and (value is None or value < at_least):
            return False
        if at_most is not None and (value is None or value > at_most):
            return False
    return True


def _contact_is_asked_for(contact: Any, asked: Any) -> bool:
    return asked.legal_form in (None, contact.legal_form) and (asked.role is None or asked.role in contact.roles)


def _inquiry_is_asked_for(inquiry: Any, asked: Any) -> bool:
    if not (_has_status(inquiry, asked) and _is_recent(inquiry, asked)) or asked.transaction_type not in (
        None,
        inquiry.transaction_type,
    ):
        return False
    for wanted, one in (
        (inquiry.property_types, asked.property_type),
        (inquiry.municipalities, asked.municipality),
        (inquiry.property_sub_types, asked.property_sub_type),
        (inquiry.districts, asked.district),
    ):
        if one is not None and wanted and one not in wanted:
            return False
    if asked.currency is not None and inquiry.currency not in (None, asked.currency):
        return False
    for name in TAKEN:
        offered, stem, area = getattr(asked, name), name.removesuffix("_m2"), "_m2" if name.endswith("_m2") else ""
        for end, fits in (("min", int.__le__), ("max", int.__ge__)):
            wish = getattr(inquiry, f"{stem}_{end}{area}", None)
            if offered is not None and wish is not None and not fits(int(wish * 100), int(offered * 100)):
                return False
    price, least, most = asked.list_price_minor, inquiry.list_price_minor_min, inquiry.list_price_minor_max
    return price is None or ((least is None or least <= price) and (most is None or price <= most))
