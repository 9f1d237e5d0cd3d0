"""Records, scopes and filters from which the cases of the permission matrix are made: all data, no rule."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle, product
from typing import Any, Final
from uuid import UUID

from services.contracts.access import NOTHING, AccessSnapshot, RecordRight, Scope
from services.contracts.vocabulary import (
    Effect,
    OfficeId,
    Ownership,
    RecordClass,
    TenantId,
    UserId,
    View,
)
from services.records.domain.contact import Contact, ContactFilter
from services.records.domain.inquiry import Inquiry, InquiryFilter
from services.records.domain.kinds import (
    ContactRole,
    Financing,
    InquiryStatus,
    LegalForm,
    PropertySubType,
    PropertyType,
    StandardStatus,
    TransactionType,
    Urgency,
)
from services.records.domain.listing import Listing, ListingFilter
from services.records.domain.record import Filter, Record, outside_archive

TENANT: Final = TenantId(UUID(int=0xA))
OTHER_TENANT: Final = TenantId(UUID(int=0xB))
CENTRE, HARBOUR, HILL = OFFICES = tuple(OfficeId(UUID(int=0x100 + at)) for at in range(3))
ANNA, BRUNO, CARLA = PEOPLE = tuple(UserId(UUID(int=0x200 + at)) for at in range(3))
TEAM: Final = UUID(int=0x300)
BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)

TEXTS: Final = ("Villa al mare", "Villino", None, "Casa in villa", "Pisa")
ALLOW, DENY, READ = Effect.ALLOW, Effect.DENY, RecordClass.READ
ENTRIES: Final = (
    (),
    (RecordRight(ANNA, READ, ALLOW),),
    (RecordRight(ANNA, READ, DENY),),
    (RecordRight(TEAM, READ, ALLOW),),
    (),
    (RecordRight(TEAM, READ, DENY),),
    (RecordRight(TEAM, READ, ALLOW), RecordRight(CENTRE, READ, DENY)),
    (RecordRight(ANNA, READ, ALLOW), RecordRight(TEAM, READ, DENY)),
    (RecordRight(ANNA, READ, DENY), RecordRight(TEAM, READ, ALLOW)),
    (RecordRight(BRUNO, READ, DENY), RecordRight(CENTRE, READ, ALLOW), RecordRight(TEAM, READ, ALLOW)),
    (RecordRight(ANNA, RecordClass.WRITE, DENY), RecordRight(ANNA, RecordClass.IDENTITY, ALLOW)),
)


def _places(first: int) -> Iterator[dict[str, Any]]:
    """Every combination of office, assignee, creator and privacy, each with record rights, by going round."""
    places = product(OFFICES, PEOPLE, PEOPLE, (False, True))
    for at, ((office, assignee, creator, private), rights) in enumerate(zip(places, cycle(ENTRIES), strict=False)):
        yield {
            "id": UUID(int=first + at * 7919 % 6007),
            "number": str(at),
            "office_id": office,
            "assignee_id": assignee,
            "created_by": creator,
            "is_private": private,
            "created_at": BEGAN,
            # Neighbours share an instant, so that the order is the identifiers' too.
            "updated_at": BEGAN + timedelta(minutes=at // 2),
            "rights": rights,
        }


def _listings() -> Iterator[Listing]:
    kinds = zip(
        cycle((StandardStatus.ACTIVE, StandardStatus.DRAFT, StandardStatus.ARCHIVED, StandardStatus.DRAFT)),
        cycle((TransactionType.SALE, TransactionType.SALE, TransactionType.RENT)),
        cycle((PropertyType.RESIDENTIAL, PropertyType.LAND, PropertyType.LAND, PropertyType.RESIDENTIAL)),
        cycle(("Lucca", "Pisa", None, "Lucca", "Lucca")),
        cycle((None, (100_000_00, "EUR"), (250_000_00, "EUR"), (250_000_00, "PLN"))),
        strict=False,
    )
    for at, (place, (status, transaction, kind, town, price)) in enumerate(zip(_places(0x1000), kinds, strict=False)):
        yield Listing(
            **place,
            standard_status=status,
            transaction_type=transaction,
            property_type=kind,
            title=TEXTS[at % len(TEXTS)],
            municipality=town,
            list_price_minor=price and price[0],
            currency=price and price[1],
            property_sub_type=(PropertySubType.VILLA, None, PropertySubType.LOFT)[at % 3],
            district=("Centro", None)[at // 2 % 2],
            living_area_m2=(None, Decimal("80.00"), Decimal("80.01"), Decimal(120))[at // 3 % 4],
            plot_area_m2=(Decimal(500), None, Decimal("500.01"))[at // 2 % 3],
            rooms=(None, 2, 3, 4, 5)[at // 2 % 5],
            bedrooms_total=(1, 2, None, 3)[at // 5 % 4],
            floor=(-1, 0, None, 3)[at % 4],
            year_built=(1890, None, 1990, 2020)[at // 4 % 4],
            superoffer=at // 2 % 3 == 0,
            no_commission=at // 3 % 2 == 0,
            banner=at // 4 % 2 == 0,
            investment=at // 5 % 3 == 0,
        )


def _inquiries() -> Iterator[Inquiry]:
    kinds = zip(
        cycle((InquiryStatus.ACTIVE, InquiryStatus.PAUSED, InquiryStatus.ARCHIVED, InquiryStatus.PAUSED)),
        cycle((TransactionType.SALE, TransactionType.SALE, TransactionType.RENT)),
        cycle(((), (PropertyType.LAND,), (PropertyType.RESIDENTIAL, PropertyType.LAND), (PropertyType.RESIDENTIAL,))),
        cycle((("Lucca",), ("Pisa", "Lucca"), (), ("Siena",), ("Pisa",))),
        cycle(((None, None), (100_000_00, None), (None, 250_000_00), (150_000_00, 250_000_00))),
        strict=False,
    )
    for at, (place, (status, transaction, types, towns, (least, most))) in enumerate(
        zip(_places(0x4000), kinds, strict=False)
    ):
        yield Inquiry(
            **place,
            standard_status=status,
            transaction_type=transaction,
            property_types=types,
            municipalities=towns,
            list_price_minor_min=least,
            list_price_minor_max=most,
            currency=None if (least, most) == (None, None) else "EUR",
            note=TEXTS[at % len(TEXTS)],
            property_sub_types=((), (PropertySubType.VILLA,), (PropertySubType.LOFT,))[at % 3],
            districts=((), ("Centro",), ("Mare",))[at // 2 % 3],
            living_area_min_m2=(None, Decimal("80.00"), Decimal("80.01"), None)[at // 3 % 4],
            living_area_max_m2=(None, Decimal("80.00"), None, Decimal("80.01"))[at // 2 % 4],
            plot_area_min_m2=(None, Decimal(500), Decimal("500.01"))[at // 2 % 3],
            rooms_min=(None, 2, 3)[at // 2 % 3],
            rooms_max=(None, 3, 4, 2)[at // 3 % 4],
            bedrooms_min=(None, 1, 2, 3)[at // 2 % 4],
            floor_min=(None, 0, 1)[at // 3 % 3],
            floor_max=(None, 2, 1, 0)[at // 2 % 4],
            year_built_min=(None, 1990, 1991)[at % 3],
            no_commission=at // 3 % 2 == 0,
            budget_confirmed=at // 2 % 3 == 0,
            financing=(None, Financing.CASH, Financing.SALE_FIRST)[at // 2 % 3],
            urgency=(None, Urgency.HIGH, Urgency.LOW)[at // 3 % 3],
        )


def _contacts() -> Iterator[Contact]:
    kinds = zip(
        cycle((LegalForm.PERSON, LegalForm.COMPANY, LegalForm.PERSON)),
        cycle(((), (ContactRole.OWNER,), (ContactRole.BUYER, ContactRole.OWNER), (ContactRole.PRESS,))),
        strict=False,
    )
    for at, (place, (form, roles)) in enumerate(zip(_places(0x8000), kinds, strict=False)):
        del place["is_private"]
        yield Contact(**place, legal_form=form, roles=roles, name="Neri", note=TEXTS[at % len(TEXTS)])


def _in_order(stock: Iterable[Record]) -> Sequence[Record]:
    return sorted(stock, key=lambda record: (record.updated_at, record.id), reverse=True)


STOCK: Final[Mapping[str, Sequence[Record]]] = {
    "listings": _in_order(_listings()),
    "inquiries": _in_order(_inquiries()),
    "contacts": _in_order(_contacts()),
}
"""By section, in the order of the list."""

LIST_SCOPES: Final = {
    "nothing": NOTHING,
    "everything": Scope(everything=View.FULL),
    "everything public": Scope(everything=View.PUBLIC),
    "everything public and one's own": Scope(everything=View.PUBLIC, own=True),
    "everything public and an office": Scope(everything=View.PUBLIC, offices=frozenset({CENTRE})),
    "an office": Scope(offices=frozenset({CENTRE})),
    "an office's public side": Scope(public_offices=frozenset({HARBOUR})),
    "an office both ways": Scope(offices=frozenset({CENTRE}), public_offices=frozenset({CENTRE, HILL})),
    "one's own": Scope(own=True),
    "a colleague's": Scope(owners=frozenset({BRUNO})),
    "one's own and an office's public side": Scope(own=True, public_offices=frozenset({CENTRE})),
    "a colleague's and two offices": Scope(owners=frozenset({CARLA}), offices=frozenset({CENTRE, HARBOUR})),
}

PRIVATE_SCOPES: Final = {
    "no private ones": NOTHING,
    "all private ones": Scope(everything=View.FULL),
    "the public view, which opens none": Scope(everything=View.PUBLIC, public_offices=frozenset({CENTRE})),
    "an office's private ones": Scope(offices=frozenset({CENTRE})),
    "a colleague's private ones": Scope(owners=frozenset({BRUNO})),
}

SINCE: Final = ("created_since", BEGAN), ("created_since", BEGAN + timedelta(seconds=1))
FLAGS: Final = ("superoffer", "no_commission", "banner", "investment", "is_private")
LISTING_ENDS: Final[Sequence[tuple[str, Any]]] = (
    *(("property_sub_type", PropertySubType.LOFT), ("district", "Centro"), *SINCE),
    ("updated_since", BEGAN + timedelta(minutes=20)),
    *(("living_area_min_m2", Decimal("80.01")), ("living_area_max_m2", Decimal("80.00"))),
    *(("plot_area_min_m2", Decimal("500.01")), ("plot_area_max_m2", Decimal(500))),
    *(("rooms_min", 4), ("rooms_max", 3), ("bedrooms_min", 2), ("bedrooms_max", 2), ("floor_min", 0), ("floor_max", 0)),
    *(("year_built_min", 1990), ("year_built_max", 1990)),
    *((flag, said) for flag in FLAGS for said in (True, False)),
)
"""Each filter of its own, at the values on which a mistake shows."""
INQUIRY_ENDS: Final[Sequence[tuple[str, Any]]] = (
    *(("property_sub_type", PropertySubType.LOFT), ("district", "Centro"), *SINCE),
    ("updated_since", BEGAN + timedelta(minutes=20)),
    *(("living_area_m2", Decimal("80.00")), ("living_area_m2", Decimal("80.01")), ("plot_area_m2", Decimal(500))),
    *(("rooms", 2), ("rooms", 3), ("bedrooms", 2), ("floor", 0), ("floor", 1), ("year_built", 1990)),
    *((flag, said) for flag in ("no_commission", "budget_confirmed", "is_private") for said in (True, False)),
    *(("financing", Financing.CASH), ("urgency", Urgency.HIGH)),
)


def _asked(kind: type[Filter], fields: dict[str, Any]) -> Filter:
    return kind(**fields)


_LISTING_FILTERS: Final = {
    "none": ListingFilter(),
    "a word": ListingFilter(words=("villa",)),
    "two words": ListingFilter(words=("vil", "mar")),
    "a word and an assignee": ListingFilter(words=("vill",), assignee_id=BRUNO),
    "office": ListingFilter(office_id=CENTRE),
    "assignee": ListingFilter(assignee_id=BRUNO),
    "self": ListingFilter(assignee_id=ANNA),
    "office and assignee": ListingFilter(office_id=CENTRE, assignee_id=ANNA),
    "town": ListingFilter(municipality="Lucca"),
    "town and assignee": ListingFilter(municipality="Pisa", assignee_id=ANNA),
    "price": ListingFilter(list_price_minor_min=150_000_00, list_price_minor_max=300_000_00, currency="EUR"),
    "status and kind": ListingFilter(
        standard_status=(StandardStatus.DRAFT,), transaction_type=TransactionType.SALE, property_type=PropertyType.LAND
    ),
    "what is not in the archive": ListingFilter(standard_status=outside_archive(StandardStatus)),
    **{f"{name} {end}": _asked(ListingFilter, {name: end}) for name, end in LISTING_ENDS},
    "three rooms from 80 m² in the centre": ListingFilter(
        rooms_min=3, rooms_max=3, living_area_min_m2=Decimal(80), district="Centro"
    ),
    "the archive": ListingFilter(standard_status=(StandardStatus.ARCHIVED,)),
}

_INQUIRY_FILTERS: Final = {
    "none": InquiryFilter(),
    "a word": InquiryFilter(words=("villa",)),
    "two words": InquiryFilter(words=("vil", "mar")),
    "a word and an assignee": InquiryFilter(words=("vill",), assignee_id=BRUNO),
    "office": InquiryFilter(office_id=CENTRE),
    "assignee": InquiryFilter(assignee_id=BRUNO),
    "office and assignee": InquiryFilter(office_id=CENTRE, assignee_id=ANNA),
    "town": InquiryFilter(municipality="Lucca"),
    "kind": InquiryFilter(property_type=PropertyType.LAND),
    "price": InquiryFilter(list_price_minor=150_000_00, currency="EUR"),
    "another price": InquiryFilter(list_price_minor=250_000_00),
    "a price in other money": InquiryFilter(list_price_minor=100_000_00, currency="PLN"),
    "status and transaction": InquiryFilter(
        standard_status=(InquiryStatus.PAUSED,), transaction_type=TransactionType.SALE
    ),
    "what is not in the archive": InquiryFilter(standard_status=outside_archive(InquiryStatus)),
    **{f"{name} {end}": _asked(InquiryFilter, {name: end}) for name, end in INQUIRY_ENDS},
    "the archive": InquiryFilter(standard_status=(InquiryStatus.ARCHIVED,)),
}

_CONTACT_FILTERS: Final = {
    "none": ContactFilter(),
    "a word": ContactFilter(words=("villa",)),
    "two words": ContactFilter(words=("vil", "mar")),
    "a word and an assignee": ContactFilter(words=("vill",), assignee_id=BRUNO),
    "office": ContactFilter(office_id=CENTRE),
    "assignee": ContactFilter(assignee_id=BRUNO),
    "role": ContactFilter(role=ContactRole.OWNER),
    "form": ContactFilter(legal_form=LegalForm.COMPANY),
}

FILTERS: Final[Mapping[str, Mapping[str, Filter]]] = {
    "listings": _LISTING_FILTERS,
    "inquiries": _INQUIRY_FILTERS,
    "contacts": _CONTACT_FILTERS,
}


def snapshot(
    section: str,
    listed: Scope,
    private: Scope,
    ownership: Ownership,
    user_id: UserId = ANNA,
    principals: frozenset[UUID] = frozenset(),
) -> AccessSnapshot:
    """Return what a person may do who lists by one scope and opens private records by another."""
    held = {f"{section}.list": listed, f"{section}.private.read": private}
    return AccessSnapshot(TENANT, user_id, 1, ownership, held, principals=principals)


def snapshots(section: str) -> Iterator[AccessSnapshot]:
    """Yield every combination of the named scopes and the three meanings of one's own, every other with principals."""
    principals = cycle((frozenset[UUID](), frozenset({ANNA, TEAM, CENTRE})))
    for listed, private, ownership in product(LIST_SCOPES.values(), PRIVATE_SCOPES.values(), Ownership):
        yield snapshot(section, listed, private, ownership, ANNA, next(principals))
