"""Lists as spreadsheets and XML, and the account of who took out what."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from services.chassis import clock, ids
from services.chassis.answers import Streamed
from services.chassis.authz_client import require
from services.chassis.cursor import START, Cursor, CursorParam
from services.chassis.database import json_object
from services.chassis.web import Call, Input, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId
from services.records.adapters.tables import MEDIA_TYPES, written
from services.records.deps import Deps
from services.records.domain.disclosure import EXPORT, Disclosure, Form, columns
from services.records.domain.sorting import Sort
from services.records.handlers.listings import ListingsFilter
from services.records.operations.disclosures import Asked, take_out
from services.records.store import disclosures

OVERSEE: Final = "admin.permissions.manage"


class ListingsExport(ListingsFilter):
    """Which listings, as for the list."""

    form: Literal[Form.CSV, Form.XLSX, Form.XML]
    sort: Sort = Sort.UPDATED
    identity: bool = False
    """With the exact address and the owner, where the caller may export those."""
    bom: bool = False
    """Of csv: begin with a byte order mark, without which Excel takes UTF-8 for something else."""


class DisclosuresQuery(Input):
    everybody: bool = False
    """Not only the caller's own."""
    cursor: CursorParam = START
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DisclosureShown(Output):
    id: UUID
    user_id: UserId
    section: str
    form: Form
    with_identity: bool
    asked: dict[str, JsonValue]
    begun_at: datetime
    ended_at: datetime | None
    outcome: Literal["complete", "cut"] | None
    """null while it is under way, and where the service broke down over it."""
    records: int | None


class DisclosuresPage(Output):
    items: list[DisclosureShown]
    next: str | None


async def export_listings(deps: Deps, call: Call, asked: ListingsExport) -> Streamed:
    """Export what the caller's list shows, in its order, as of one instant. Needs listings.export.

    Identity data need listings.identity.export besides; what may not be exported of a listing is empty, and a
    listing that may not be is left out. An export that cannot go on is cut off: its end is then missing.
    """

    async def rights() -> AccessSnapshot:
        return await deps.access.of(call.caller, clock.now(), call.access_version)

    require(await rights(), EXPORT.key)
    if asked.identity:
        require(await rights(), EXPORT.identity_key)
    taken = disclosure(call, asked.form, asked, with_identity=asked.identity)
    pages = take_out(deps.db, call.caller.tenant_id, Asked(EXPORT, asked.filter(), asked.sort), taken, rights)
    return Streamed(
        MEDIA_TYPES[asked.form],
        deps.streams.bounded(written(asked.form, columns(with_identity=asked.identity), pages, bom=asked.bom)),
        f"listings-{call.now.date().isoformat()}.{asked.form}",
    )


def disclosure(call: Call, form: Form, asked: Input, *, with_identity: bool) -> Disclosure:
    """Return what to write down of an answer in which records leave."""
    return Disclosure(
        id=ids.uuid7(),
        user_id=call.caller.user_id,
        section="listings",
        form=form,
        with_identity=with_identity,
        asked=asked.model_dump_json(exclude_none=True, exclude={"form", "identity", "bom", "language"}),
        begun_at=call.now,
    )


async def list_disclosures(deps: Deps, call: Call, asked: DisclosuresQuery) -> DisclosuresPage:
    """List what the caller exported and printed, or everybody did, which needs admin.permissions.manage."""
    if asked.everybody:
        require(await deps.access.of(call.caller, call.now, call.access_version), OVERSEE)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        if asked.everybody:
            found = await disclosures.page(tx, after=asked.cursor, limit=asked.limit + 1)
        else:
            found = await disclosures.page_of(tx, call.caller.user_id, after=asked.cursor, limit=asked.limit + 1)
    page = found[: asked.limit]
    return DisclosuresPage(
        items=[DisclosureShown.model_validate(_document(one)) for one in page],
        next=str(Cursor(page[-1].begun_at, page[-1].id)) if len(found) > asked.limit else None,
    )


def _document(found: Disclosure) -> dict[str, Any]:
    names = set(DisclosureShown.model_fields) - {"asked"}
    return {**{name: getattr(found, name) for name in names}, "asked": json_object(found.asked)}


ROUTES = (
    Route(
        "GET",
        "/v1/exports/listings",
        export_listings,
        takes=ListingsExport,
        offers=tuple(media_type.partition(";")[0] for media_type in MEDIA_TYPES.values()),
    ),
    Route("GET", "/v1/disclosures", list_disclosures, takes=DisclosuresQuery, gives=DisclosuresPage),
)
