"""An export holds what the list shows, in its order, at one instant, and nothing that may not leave."""

import csv
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import aiohttp
import openpyxl
import pytest
import pytest_asyncio

from services.chassis import clock, ids
from services.chassis.authz_client import PermissionMissing
from services.chassis.cursor import START
from services.chassis.database import Database
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import Ownership, UserId
from services.records.domain.disclosure import Disclosure, Form, WayOut
from services.records.domain.listing import ListingFilter
from services.records.domain.sorting import Sort
from services.records.operations.disclosures import AT_ONCE, Selection, take_out
from services.records.store import disclosures, listings
from tests.integration.records.conftest import Agency, open_agency
from tests.support.issuer import Issuer
from tests.support.running import eventually
from tests.support.stub_authz import EVERYTHING, StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

IDENTITY: Final = {"street_name": "Via Fillungo", "owner_name": "Giulia Neri"}
KEYS: Final = ("listings.read",)
MANY: Final = 2 * AT_ONCE + 200


async def exported(agency: Agency, who: UserId, asked: str = "form=csv") -> list[dict[str, str]]:
    """Return the rows of an export as csv."""
    sent = agency.issuer.bearer(agency.tenant_id, who)
    async with agency.http.get(f"{agency.url}/v1/exports/listings?{asked}", headers=sent) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/csv"
        return list(csv.DictReader(io.StringIO((await response.read()).decode(), newline="")))


async def listed(agency: Agency, who: UserId, asked: str = "") -> list[dict[str, Any]]:
    return (await agency.call(who, "GET", f"/v1/listings?{asked}")).body["items"]


@pytest.mark.catalogue("MG-49", "MG-50", "MG-60", "ON-99")
@pytest.mark.parametrize("asked", ["", "sort=number", "sort=-list_price_minor", "municipality=Lucca", "currency=EUR"])
async def test_an_export_has_the_rows_and_the_order_of_the_list(agency: Agency, asked: str) -> None:
    for at, (town, price) in enumerate((("Lucca", 3), ("Pisa", 1), ("Lucca", 2), (None, None))):
        more: dict[str, Any] = {"list_price_minor": price, "currency": "EUR"} if price else {}
        await agency.take_on(number=f"N{9 - at}", municipality=town, **more)
    await agency.take_on(office_id=str(agency.harbour))
    await agency.take_on(basic={"is_private": True})
    agent = agency.give(agency.bruno, *KEYS, list=Scope(offices=frozenset({agency.centre})), export=EVERYTHING)
    rows = await exported(agency, agent, f"form=csv&{asked}")
    items = await listed(agency, agent, asked)
    assert len(items) >= 2
    assert [row["id"] for row in rows] == [item["id"] for item in items]
    assert [row["list_price_minor"] for row in rows] == [str(item["list_price_minor"] or "") for item in items]


@pytest.mark.catalogue("IMO-B12", "MG-49")
async def test_identity_data_leave_by_a_permission_of_their_own_that_covers_the_listing(agency: Agency) -> None:
    here = await agency.take_on(identity=IDENTITY, private_note={"text": "Ring twice."})
    there = await agency.take_on(office_id=str(agency.harbour), identity=IDENTITY)
    centre = Scope(offices=frozenset({agency.centre}))
    keys: dict[str, Any] = dict.fromkeys(("list", "read", "export", "identity__read"), EVERYTHING)
    agent = agency.give(agency.bruno, **keys, identity__export=centre, private_note__read=EVERYTHING)
    rows = {row["id"]: row for row in await exported(agency, agent, "form=csv&identity=true")}
    assert (rows[here["id"]]["owner_name"], rows[there["id"]]["owner_name"]) == ("Giulia Neri", "")
    plain = await exported(agency, agent)
    assert not {"owner_name", "street_name", "private_note"} & plain[0].keys()
    unable = agency.give(agency.carla, **keys)
    answer = await agency.call(unable, "GET", "/v1/exports/listings?form=csv&identity=true")
    assert answer.refusal == (403, "permission_missing", set())
    keys["identity__read"] = centre
    blind = agency.give(UserId(ids.uuid7()), **keys, identity__export=EVERYTHING)
    rows = {row["id"]: row for row in await exported(agency, blind, "form=csv&identity=true")}
    assert (rows[here["id"]]["owner_name"], rows[there["id"]]["owner_name"]) == ("Giulia Neri", "")


@pytest.mark.catalogue("MG-60")
async def test_the_public_view_exports_public_fields_and_what_may_not_be_exported_is_left_out(agency: Agency) -> None:
    made = await agency.take_on(title="Villa")
    other = await agency.take_on(office_id=str(agency.harbour))
    public = Scope(public_offices=frozenset({agency.centre}))
    visitor = agency.give(agency.bruno, list=EVERYTHING, read=EVERYTHING, export=public)
    (row,) = await exported(agency, visitor)
    assert (row["id"], row["title"], row["assignee_id"]) == (made["id"], "Villa", "")
    reader = agency.give(agency.carla, list=public, read=EVERYTHING, export=EVERYTHING)
    (row,) = await exported(agency, reader)
    assert (row["id"], row["assignee_id"]) == (made["id"], "")
    assert other["id"] != row["id"]


@pytest.mark.catalogue("MG-49")
async def test_without_the_permission_nothing_leaves_and_nothing_is_written_down(agency: Agency) -> None:
    await agency.take_on()
    before = await agency.left()
    agent = agency.give(agency.bruno, list=EVERYTHING, read=EVERYTHING)
    answer = await agency.call(agent, "GET", "/v1/exports/listings?form=csv")
    assert answer.refusal == (403, "permission_missing", set())
    for bad, pointer in (("form=pdf", "/form"), ("", "/form"), ("form=csv&sort=owner_name", "/sort")):
        refused = await agency.call(agent, "GET", f"/v1/exports/listings?{bad}")
        assert refused.refusal[2] == {pointer}
        assert "<" not in refused.body["errors"][0]["detail"], "the words are the API's, not the program's"
    assert await agency.left() == before


@pytest.mark.catalogue("MG-49", "IMO-B12")
async def test_inquiries_are_exported_as_listings_are_by_permissions_of_their_own(agency: Agency) -> None:
    every = ("create", "list", "read", "export", "identity.read", "identity.export")
    agency.authz.give(agency.tenant_id, agency.bruno, {f"inquiries.{key}": EVERYTHING for key in every})
    body = {
        "office_id": str(agency.centre),
        "transaction_type": "sale",
        "property_types": ["land", "farm"],
        "identity": {"client_name": "=Neri"},
    }
    made = await agency.call(agency.bruno, "POST", "/v1/inquiries", body)
    assert made.status == 201, made.body
    sent = agency.issuer.bearer(agency.tenant_id, agency.bruno)
    url = f"{agency.url}/v1/exports/inquiries?form=csv&identity=true"
    async with agency.http.get(url, headers=sent) as response:
        (row,) = csv.DictReader(io.StringIO(await response.text(), newline=""))
    assert (row["id"], row["property_types"], row["client_name"]) == (made.body["id"], "land; farm", "'=Neri")
    (shown,) = (await agency.call(agency.bruno, "GET", "/v1/disclosures")).body["items"]
    assert (shown["section"], shown["records"]) == ("inquiries", 1)
    agent = agency.give(agency.carla, list=EVERYTHING, read=EVERYTHING, export=EVERYTHING)
    refused = await agency.call(agent, "GET", "/v1/exports/inquiries?form=csv")
    assert refused.refusal == (403, "permission_missing", set())


async def test_every_form_comes_as_a_file_of_its_kind(agency: Agency) -> None:
    made = await agency.take_on(title="Łódź, =1+1")
    agent = agency.give(agency.bruno, list=EVERYTHING, read=EVERYTHING, export=EVERYTHING)
    sent = agency.issuer.bearer(agency.tenant_id, agent)
    for form, kind in (
        ("csv", "text/csv"),
        ("xml", "application/xml"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ):
        async with agency.http.get(f"{agency.url}/v1/exports/listings?form={form}&bom=true", headers=sent) as response:
            assert (response.status, response.content_type) == (200, kind)
            assert f".{form}" in response.headers["Content-Disposition"]
            body = await response.read()
            assert body.startswith({"csv": b"\xef\xbb\xbf", "xml": b"<?xml", "xlsx": b"PK"}[form])
            if form == "xlsx":
                sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
                assert sheet.cell(2, 1).value == made["id"]
            else:
                assert "Łódź" in body.decode("utf-8-sig")
    shown = (await agency.call(agent, "GET", "/v1/disclosures")).body["items"]
    assert [(one["form"], one["outcome"], one["records"], one["with_identity"]) for one in shown] == [
        (form, "complete", 1, False) for form in ("xlsx", "xml", "csv")
    ]


@pytest.mark.catalogue("MG-49")
async def test_who_exported_what_is_kept_and_everybodys_is_shown_only_to_who_oversees(agency: Agency) -> None:
    await agency.take_on(municipality="Lucca")
    agent = agency.give(agency.bruno, list=EVERYTHING, read=EVERYTHING, export=EVERYTHING)
    for _ in range(3):
        await exported(agency, agent, "form=csv&municipality=Lucca&sort=number")
    shown = (await agency.call(agent, "GET", "/v1/disclosures?limit=2")).body
    assert [one["asked"] for one in shown["items"]] == [{"municipality": "Lucca", "sort": "number"}] * 2
    rest = (await agency.call(agent, "GET", f"/v1/disclosures?limit=2&cursor={shown['next']}")).body
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert (await agency.call(agency.ada, "GET", "/v1/disclosures")).body["items"] == []
    everybody = (await agency.call(agency.ada, "GET", "/v1/disclosures?everybody=true")).body["items"]
    assert {one["user_id"] for one in everybody} == {str(agent)}
    refused = await agency.call(agent, "GET", "/v1/disclosures?everybody=true")
    assert refused.refusal == (403, "permission_missing", set())


async def test_what_support_takes_out_is_not_written_down_as_the_persons_doing(agency: Agency) -> None:
    made = await agency.take_on()
    agent = agency.give(agency.bruno, **dict.fromkeys(("list", "read", "export", "print"), EVERYTHING))
    jane = "urn:keyholder:support:jane"
    for act in ({"sub": jane}, None):
        sent = agency.issuer.bearer(agency.tenant_id, agent, act=act)
        for path in ("exports/listings?form=csv", "prints/listings", f"listings/{made['id']}/print"):
            async with agency.http.get(f"{agency.url}/v1/{path}", headers=sent) as response:
                assert response.status == 200, await response.text()
                await response.read()
    own = (await agency.call(agent, "GET", "/v1/disclosures")).body["items"]
    everybodys = (await agency.call(agency.ada, "GET", "/v1/disclosures?everybody=true")).body["items"]
    for shown in (own, everybodys):
        assert [(one["user_id"], one["actor"]) for one in shown] == [(str(agent), None)] * 3 + [(str(agent), jane)] * 3


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stocked(
    http: aiohttp.ClientSession, records_url: str, records_db: Database, authz: StubAuthz, issuer: Issuer
) -> Agency:
    """An agency with more listings than two reads hold, each of which says a lot."""
    agency = await open_agency(http, records_url, records_db, authz, issuer)
    made = await agency.take_on(number="first", title="Before")
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            """
            INSERT INTO listings (tenant_id, id, number, office_id, assignee_id, created_by, is_private,
                standard_status, transaction_type, property_type, title, description, superoffer, no_commission,
                banner, version, created_at, updated_at)
            SELECT l.tenant_id, gen_random_uuid(), 'N' || n, l.office_id, l.assignee_id, l.created_by, false,
                   l.standard_status, l.transaction_type, l.property_type, 'Before', repeat('Quiet and sunny. ', 1000),
                   false, false, false, 1, l.created_at, l.updated_at - n * interval '1 second'
              FROM listings AS l, generate_series(1, $2::integer) AS n
             WHERE l.tenant_id = $1
            """,
            agency.tenant_id,
            MANY - 1,
        )
    assert made["number"] == "first"
    return agency


def _taken(agency: Agency) -> Disclosure:
    return Disclosure(
        id=ids.uuid7(),
        user_id=agency.ada,
        section="listings",
        form=Form.CSV,
        with_identity=False,
        asked="{}",
        begun_at=clock.now(),
    )


def _rights(agency: Agency, *calls: bool) -> Callable[[], Awaitable[AccessSnapshot]]:
    """Return what asks for rights: held as often as said, and then for good what the last call had."""
    held = list(calls)

    async def rights() -> AccessSnapshot:
        holds = held.pop(0) if len(held) > 1 else held[0]
        keys = ("listings.list", "listings.read", *(("listings.export",) if holds else ()))
        return AccessSnapshot(agency.tenant_id, agency.ada, 1, Ownership.ASSIGNEE, dict.fromkeys(keys, EVERYTHING))

    return rights


async def _kept(agency: Agency, taken: Disclosure) -> Disclosure:
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        found = await disclosures.page(tx, after=START, limit=200)
    return next(one for one in found if one.id == taken.id)


ASKED: Final = Selection(listings.TABLE, WayOut.EXPORT, ListingFilter(), Sort.UPDATED)


async def test_an_export_shows_one_instant_whatever_is_changed_meanwhile(stocked: Agency) -> None:
    taken = _taken(stocked)
    pages = take_out(stocked.db, stocked.tenant_id, ASKED, taken, _rights(stocked, True))
    found = list(await anext(pages))
    assert len(found) == AT_ONCE
    async with stocked.db.transaction(stocked.tenant_id) as tx:
        await tx.execute(
            "UPDATE listings SET title = 'After', updated_at = now() + interval '1 day' WHERE number LIKE 'N%9'"
        )
        await tx.execute("DELETE FROM listings WHERE number LIKE 'N%8'")
    async for page in pages:
        found += page
    assert len(found) == len({values["id"] for values in found}) == MANY
    assert {values["title"] for values in found} == {"Before"}
    kept = await _kept(stocked, taken)
    assert (kept.outcome, kept.records) == ("complete", MANY)


async def test_who_loses_the_right_meanwhile_gets_no_further(stocked: Agency) -> None:
    taken = _taken(stocked)
    pages = take_out(stocked.db, stocked.tenant_id, ASKED, taken, _rights(stocked, True, True, False))
    assert len(await anext(pages)) == AT_ONCE
    with pytest.raises(PermissionMissing):
        await anext(pages)
    kept = await _kept(stocked, taken)
    assert (kept.outcome, kept.records) == ("cut", AT_ONCE)


async def test_a_print_reads_as_many_at_once_when_few_are_wanting(stocked: Agency) -> None:
    rights = _rights(stocked, True)
    first = await anext(take_out(stocked.db, stocked.tenant_id, ASKED, _taken(stocked), rights))
    held = await rights()
    # All but one of the first read may be printed, and of the rest none.
    printable = [values["id"] for values in first[1:]]
    async with stocked.db.transaction(stocked.tenant_id) as tx:
        await tx.execute(
            "UPDATE listings SET assignee_id = $2 WHERE tenant_id = $1 AND id <> ALL ($3::uuid[])",
            stocked.tenant_id,
            stocked.carla,
            printable,
        )

    async def prints() -> AccessSnapshot:
        return replace(held, scopes={**held.scopes, "listings.print": Scope(own=True)})

    asked = replace(ASKED, way=WayOut.PRINT, most=AT_ONCE)
    pages = [page async for page in take_out(stocked.db, stocked.tenant_id, asked, _taken(stocked), prints)]
    assert [len(page) for page in pages] == [AT_ONCE - 1, *[0] * (len(pages) - 1)]
    assert len(pages) <= MANY // AT_ONCE + 1
    fewer = replace(asked, most=7)
    pages = [page async for page in take_out(stocked.db, stocked.tenant_id, fewer, _taken(stocked), prints)]
    assert [len(page) for page in pages] == [7]


async def _begun(agency: Agency, url: str, headers: dict[str, str]) -> aiohttp.ClientResponse:
    """Return an export that has begun; those of other tests may still be ending."""

    async def begun() -> aiohttp.ClientResponse | None:
        response = await agency.http.get(url, headers=headers)
        if response.status == 200:
            return response
        response.close()
        return None

    response = await eventually(begun)
    assert response is not None
    return response


@pytest.mark.parametrize("form", ["csv", "xml", "xlsx"])
async def test_a_client_who_goes_away_ends_the_work(stocked: Agency, form: str) -> None:
    async with stocked.db.transaction(stocked.tenant_id) as tx:
        await tx.execute("DELETE FROM disclosures")
    agent = stocked.give(UserId(ids.uuid7()), list=EVERYTHING, read=EVERYTHING, export=EVERYTHING)
    sent = stocked.issuer.bearer(stocked.tenant_id, agent)
    (await _begun(stocked, f"{stocked.url}/v1/exports/listings?form={form}", sent)).close()

    async def ended() -> tuple[str | None, int | None] | None:
        items = (await stocked.call(agent, "GET", "/v1/disclosures")).body["items"]
        return (items[0]["outcome"], items[0]["records"]) if items and items[0]["outcome"] else None

    outcome = await eventually(ended)
    assert outcome is not None
    assert outcome[0] == "cut"


async def test_only_a_few_exports_are_under_way_at_once_and_others_are_asked_to_wait(stocked: Agency) -> None:
    agent = stocked.give(UserId(ids.uuid7()), **dict.fromkeys(("list", "read", "export", "print"), EVERYTHING))
    sent = stocked.issuer.bearer(stocked.tenant_id, agent)
    url = f"{stocked.url}/v1/exports/listings?form=csv"
    running = [await _begun(stocked, url, sent) for _ in range(4)]
    answer = await stocked.call(agent, "GET", "/v1/exports/listings?form=csv")
    assert (answer.status, answer.body["code"], answer.headers["Retry-After"]) == (429, "too_many_exports", "5")
    (one, *_) = (await stocked.call(agent, "GET", "/v1/listings?limit=1")).body["items"]
    before = (await stocked.call(agent, "GET", "/v1/disclosures")).body["items"]
    assert (await stocked.call(agent, "GET", f"/v1/listings/{one['id']}/print")).status == 429
    assert (await stocked.call(agent, "GET", "/v1/disclosures")).body["items"] == before
    for response in running:
        response.close()

    (await _begun(stocked, url, sent)).close()
