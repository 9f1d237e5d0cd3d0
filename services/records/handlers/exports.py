"""Lists as spreadsheets and XML, and the account of who took out what."""

import json
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import JsonValue

from services.chassis import clock, ids
from services.chassis.answers import Streamed
from services.chassis.authz_client import require
from services.chassis.cursor import Cursor
from services.chassis.database import json_object
from services.chassis.pages import PageQuery
from services.chassis.web import Call, Input, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.csv_text import SEPARATORS
from services.contracts.vocabulary import UserId
from services.records.adapters.tables import MEDIA_TYPES, Heading, written
from services.records.deps import Deps
from services.records.domain.disclosure import Disclosure, Form, WayOut, columns
from services.records.domain.sorting import RecordSort, Sort
from services.records.handlers.contacts import EDGE as CONTACT
from services.records.handlers.contacts import ContactsFilter
from services.records.handlers.edges import Edge
from services.records.handlers.inquiries import EDGE as INQUIRY
from services.records.handlers.inquiries import InquiriesFilter
from services.records.handlers.listing_models import EDGE as LISTING
from services.records.handlers.listings import ListingsFilter
from services.records.operations.disclosures import Selection, take_out
from services.records.store import disclosures

OVERSEE: Final = "admin.permissions.manage"


class ExportAsked(Input):
    form: Literal["csv", "xlsx", "xml"]
    identity: bool = False
    """With the exact address and the owner, where the caller may export those."""
    bom: bool = False
    """Of csv: begin with a byte order mark, without which Excel takes UTF-8 for something else."""
    separator: Literal["comma", "semicolon"] = "comma"
    """Of csv: what stands between the fields. Excel expects a semicolon where the decimal point is a comma."""


class ListingsExport(ExportAsked, ListingsFilter):
    """Which listings, as for the list."""

    sort: Sort = Sort.UPDATED


class InquiriesExport(ExportAsked, InquiriesFilter):
    """Which inquiries, as for the list."""

    sort: RecordSort = RecordSort.UPDATED


class ContactsExport(ExportAsked, ContactsFilter):
    """Which contacts, as for the list."""

    sort: RecordSort = RecordSort.UPDATED


class DisclosuresQuery(PageQuery):
    everybody: bool = False
    """Not only the caller's own."""


class DisclosureShown(Output):
    id: UUID
    user_id: UserId
    actor: str | None
    """Who acted for the user with the user's rights, such as the vendor's support; null: nobody."""
    section: str
    form: Form
    with_identity: bool
    asked: dict[str, JsonValue]
    """As for the list; of `q` only that there was one, not what it said."""
    begun_at: datetime
    ended_at: datetime | None
    outcome: Literal["complete", "cut"] | None
    """null while it is under way, and where the service broke down over it."""
    records: int | None


class DisclosuresPage(Output):
    items: list[DisclosureShown]
    next: str | None


async def export_records(
    edge: Edge, deps: Deps, call: Call, asked: ListingsExport | InquiriesExport | ContactsExport
) -> Streamed:
    """Export what the caller's list of {section} shows, in its order, as of one instant. Needs {section}.export.

    Identity data need {section}.identity.export besides; what may not be exported of a record is empty, and one
    that may not be is left out. An export that cannot go on is cut off: its end is then missing.
    """

    async def rights() -> AccessSnapshot:
        return await deps.access.of(call.caller, clock.now(), call.access_version)

    section = edge.table.section
    require(await rights(), WayOut.EXPORT.key(section))
    if asked.identity:
        require(await rights(), WayOut.EXPORT.identity_key(section))
    form = Form(asked.form)
    taken = disclosure(edge, call, form, asked, with_identity=asked.identity)
    pages = take_out(
        deps.db,
        call.caller.tenant_id,
        Selection(edge.table, WayOut.EXPORT, asked.filter(), asked.sort),
        taken,
        rights,
    )
    heading = Heading(edge.noun, edge.section, columns(section, with_identity=asked.identity))
    return Streamed(
        MEDIA_TYPES[form],
        deps.streams.bounded(written(form, heading, pages, bom=asked.bom, separator=SEPARATORS[asked.separator])),
        f"{edge.section}-{call.now.date().isoformat()}.{asked.form}",
    )


def disclosure(edge: Edge, call: Call, form: Form, asked: Input, *, with_identity: bool) -> Disclosure:
    """Return what to write down of an answer in which records leave."""
    return Disclosure(
        id=ids.uuid7(),
        user_id=call.caller.user_id,
        actor=call.caller.actor,
        section=edge.section,
        form=form,
        with_identity=with_identity,
        asked=_kept(asked),
        begun_at=call.now,
    )


def _kept(asked: Input) -> str:
    """Return what was asked for as JSON, without the words, which may name a person who objects some day."""
    kept = asked.model_dump(
        mode="json", exclude_none=True, exclude={"form", "identity", "bom", "separator", "language"}
    )
    return json.dumps(kept | ({"q": ""} if "q" in kept else {}))


async def list_disclosures(deps: Deps, call: Call, asked: DisclosuresQuery) -> DisclosuresPage:
    """List what the caller exported and printed, or everybody did, which needs admin.permissions.manage.

    What support took out while it looked as somebody stands there too, with who it was.
    """
    if asked.everybody:
        require(await deps.access.of(call.caller, call.now, call.access_version), OVERSEE)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        if asked.everybody:
            found = await disclosures.page(tx, after=asked.cursor, limit=asked.limit + 1)
        else:
            found = await disclosures.page_of(tx, call.caller.user_id, after=asked.cursor, limit=asked.limit + 1)
    page, following = asked.cut(found, lambda one: Cursor(one.begun_at, one.id))
    return DisclosuresPage(items=[DisclosureShown.model_validate(_document(one)) for one in page], next=following)


def _document(found: Disclosure) -> dict[str, Any]:
    names = set(DisclosureShown.model_fields) - {"asked"}
    return {**{name: getattr(found, name) for name in names}, "asked": json_object(found.asked)}


def _route(edge: Edge, takes: type[ExportAsked]) -> Route:
    offers = tuple(media_type.partition(";")[0] for media_type in MEDIA_TYPES.values())
    return Route("GET", f"/v1/exports/{edge.section}", edge.handler(export_records), takes=takes, offers=offers)


ROUTES = (
    _route(LISTING, ListingsExport),
    _route(INQUIRY, InquiriesExport),
    _route(CONTACT, ContactsExport),
    Route("GET", "/v1/disclosures", list_disclosures, takes=DisclosuresQuery, gives=DisclosuresPage),
)
