"""Appointments: one's own need no permission, others' do, and a private one is to others a time that is taken."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis import ids
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import OfficeId, Ownership, UserId, UserState, View
from services.records.domain.appointment import Appointment, Kind, sight
from services.records.store import appointments, directory
from services.records.store.appointments import Period
from tests.integration.records.conftest import Agency, Answer
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROME: Final = {"timezone": "Europe/Rome", "starts_local": "2026-03-29T09:00", "ends_local": "2026-03-29T10:00"}
"""Nine in the morning of a day of 23 hours."""
MARCH: Final = "since=2026-03-01T00:00:00Z&until=2026-04-01T00:00:00Z"
GUEST: Final = {"email": "c@example.test", "display_name": "Carla", "locale": "it"}
CALENDAR: Final = ("read", "create", "update", "delete", "changes.read", "created.manage")


def may(agency: Agency, who: UserId, **keys: Scope) -> UserId:
    """Say what a person may do with calendars, and return the person; `changes__read` is `changes.read`."""
    held = {f"calendar.{name.replace('__', '.')}": scope for name, scope in keys.items()}
    agency.authz.give(agency.tenant_id, who, held)
    return who


async def make(agency: Agency, who: UserId, **fields: object) -> dict[str, Any]:
    answer = await agency.call(who, "POST", "/v1/appointments", {**_plain(), **fields})
    assert answer.status == 201, answer.body
    return answer.body


def _plain() -> dict[str, object]:
    return {"kind": "viewing", "title": "Sopralluogo", "when": ROME}


async def change(agency: Agency, who: UserId, one: Mapping[str, Any], body: object) -> Answer:
    headers = {"If-Match": f'"{one["version"]}"'}
    return await agency.call(who, "PATCH", f"/v1/appointments/{one['id']}", body, headers)


async def cancel(agency: Agency, who: UserId, one: Mapping[str, Any], version: int | None = None) -> Answer:
    headers = {"If-Match": f'"{version or one["version"]}"'}
    return await agency.call(who, "DELETE", f"/v1/appointments/{one['id']}", headers=headers)


async def listed(agency: Agency, who: UserId, asked: str = MARCH) -> list[dict[str, Any]]:
    answer = await agency.call(who, "GET", f"/v1/appointments?{asked}")
    assert answer.status == 200, answer.body
    return answer.body["items"]


@pytest.mark.catalogue("IMO-B11")
async def test_ones_own_calendar_needs_no_permission(agency: Agency) -> None:
    made = await make(agency, agency.bruno, note="Ring twice.", place="Via Fillungo 1", guests=[GUEST])
    assert (made["view"], made["version"], made["owner_id"]) == ("full", 1, str(agency.bruno))
    assert (made["starts_at"], made["details"]["starts_local"]) == ("2026-03-29T07:00:00Z", "2026-03-29T09:00")
    assert (made["details"]["place"], made["details"]["guests"]) == ("Via Fillungo 1", [GUEST])
    assert await listed(agency, agency.bruno) == [made]
    later = {**ROME, "starts_local": "2026-03-29T09:30"}
    moved = (await change(agency, agency.bruno, made, {"when": later})).body
    assert (moved["starts_at"], moved["version"]) == ("2026-03-29T07:30:00Z", 2)
    assert (await cancel(agency, agency.bruno, moved)).status == 204
    assert await listed(agency, agency.bruno) == []
    gone = (await agency.call(agency.bruno, "GET", f"/v1/appointments/{made['id']}")).body
    assert gone["cancelled_at"] is not None
    assert (await change(agency, agency.bruno, gone, {"title": "Again"})).refusal == (409, "cancelled", set())
    assert (await listed(agency, agency.carla), await listed(agency, agency.ada)) == ([], [])


@pytest.mark.catalogue("IMO-125", "IMO-126", "IMO-127", "IMO-128", "ON-55", "ON-56", "ON-57")
@pytest.mark.parametrize("key", ["create", "read", "update", "delete"])
async def test_what_others_do_in_a_calendar_needs_the_permission_for_it_over_that_calendar(
    agency: Agency, key: str
) -> None:
    async with agency.db.transaction(agency.tenant_id) as tx:
        await directory.save_person(tx, agency.bruno, 2, UserState.ACTIVE)
    made = await make(agency, agency.bruno, office_id=str(agency.centre))
    reaches = [
        (Scope(everything=View.FULL), True),
        (Scope(owners=frozenset({agency.bruno})), True),
        (Scope(offices=frozenset({agency.centre})), key != "create"),  # records does not know where Bruno works
        (Scope(owners=frozenset({agency.carla}), offices=frozenset({agency.harbour})), False),
        (Scope(own=True), False),
        (Scope(), False),
    ]
    for reach, allowed in reaches:
        colleague = UserId(ids.uuid7())
        others: dict[str, Scope] = dict.fromkeys({"read", "create", "update", "delete"} - {key}, EVERYTHING)
        may(agency, colleague, **others, **{key: reach})
        match key:
            case "create":
                body = {**_plain(), "owner_id": str(agency.bruno)}
                answer = await agency.call(colleague, "POST", "/v1/appointments", body)
                assert (answer.status == 201) is allowed
                if not allowed:
                    assert answer.refusal == (403, "permission_missing", {"/owner_id"})
            case "read":
                answer = await agency.call(colleague, "GET", f"/v1/appointments/{made['id']}")
                assert answer.status == (200 if allowed else 404)
                assert (made["id"] in {one["id"] for one in await listed(agency, colleague)}) is allowed
            case "update":
                answer = await change(agency, colleague, made, {"title": "Moved"})
                assert answer.status == (200 if allowed else 403)
                made = answer.body if allowed else made
            case _:
                answer = await cancel(agency, colleague, made)
                assert answer.status == (204 if allowed else 403)
                made = await make(agency, agency.bruno, office_id=str(agency.centre)) if allowed else made


@pytest.mark.catalogue("MG-62")
async def test_a_private_appointment_is_to_others_no_more_than_a_time_that_is_taken(agency: Agency) -> None:
    agency.authz.give(agency.tenant_id, agency.carla, {})
    made = await make(agency, agency.bruno, is_private=True, title="Dentista", note="Neri", guests=[GUEST])
    boss = may(agency, UserId(ids.uuid7()), **{name.replace(".", "__"): EVERYTHING for name in CALENDAR})
    seen = (await agency.call(boss, "GET", f"/v1/appointments/{made['id']}")).body
    assert seen == {
        **{name: made[name] for name in ("id", "owner_id", "starts_at", "ends_at", "cancelled_at")},
        "version": None,
        "view": "public",
        "details": None,
    }
    answer = await agency.call(boss, "GET", f"/v1/appointments/{made['id']}")
    assert "ETag" not in answer.headers
    assert await listed(agency, boss) == [seen]
    assert (await change(agency, boss, made, {"title": "Mine"})).refusal == (403, "permission_missing", set())
    assert (await cancel(agency, boss, made)).refusal == (403, "permission_missing", set())
    history = await agency.call(boss, "GET", f"/v1/appointments/{made['id']}/history")
    assert history.refusal == (403, "permission_missing", set())
    assert (await agency.call(agency.carla, "GET", f"/v1/appointments/{made['id']}")).status == 404


async def test_who_takes_part_sees_everything_and_changes_nothing(agency: Agency) -> None:
    boss = may(agency, agency.ada, create=EVERYTHING)
    made = await make(agency, boss, attendees=[str(agency.bruno)], is_private=True)
    assert (await agency.call(agency.bruno, "GET", f"/v1/appointments/{made['id']}")).body == made
    assert await listed(agency, agency.bruno) == [made]
    assert (await change(agency, agency.bruno, made, {"title": "No"})).status == 403
    alone = (await change(agency, boss, made, {"attendees": []})).body
    assert (await agency.call(agency.bruno, "GET", f"/v1/appointments/{made['id']}")).status == 404
    assert alone["details"]["attendees"] == []


@pytest.mark.catalogue("ON-58")
async def test_what_one_made_for_others_stays_ones_own_only_by_permission(agency: Agency) -> None:
    for manages in (True, False):
        maker = UserId(ids.uuid7())
        keys = {"create": EVERYTHING} | ({"created__manage": EVERYTHING} if manages else {})
        may(agency, maker, **keys)
        answer = await agency.call(
            maker, "POST", "/v1/appointments", {**_plain(), "owner_id": str(agency.bruno), "is_private": True}
        )
        assert answer.status == 201
        (mine,) = (await listed(agency, agency.bruno, MARCH))[-1:]
        assert (answer.body == mine) is manages
        assert len(await listed(agency, maker)) == manages
        assert (await change(agency, maker, mine, {"title": "Later"})).status == (200 if manages else 404)


async def test_an_appointment_is_handed_over_with_its_calendar(agency: Agency) -> None:
    boss = may(agency, agency.ada, create=EVERYTHING, update=EVERYTHING, read=EVERYTHING)
    made = await make(agency, agency.bruno)
    assert (await change(agency, agency.bruno, made, {"owner_id": str(agency.carla)})).refusal == (
        403,
        "permission_missing",
        {"/owner_id"},
    )
    handed = (await change(agency, boss, made, {"owner_id": str(agency.carla)})).body
    assert handed["owner_id"] == str(agency.carla)
    assert await listed(agency, agency.bruno) == []
    assert [one["id"] for one in await listed(agency, agency.carla)] == [made["id"]]
    history = (await agency.call(agency.carla, "GET", f"/v1/appointments/{made['id']}/history")).body["items"]
    assert [(one["action"], one["by"]) for one in history] == [
        ("reassigned", str(boss)),
        ("created", str(agency.bruno)),
    ]


@pytest.mark.catalogue("ON-59")
async def test_history_tells_who_changed_what_and_never_what_may_name_a_client(agency: Agency) -> None:
    made = await make(agency, agency.bruno, note="Signora Neri", place="Via Fillungo")
    await change(
        agency,
        agency.bruno,
        made,
        {"title": "Firma", "note": "Signora Verdi", "guests": [{**GUEST, "email": "v@example.test"}]},
    )
    path = f"/v1/appointments/{made['id']}/history"
    reader, stranger = UserId(ids.uuid7()), UserId(ids.uuid7())
    may(agency, reader, read=EVERYTHING, changes__read=EVERYTHING)
    may(agency, stranger, read=EVERYTHING)
    for who in (agency.bruno, reader):
        latest, _ = (await agency.call(who, "GET", path)).body["items"]
        assert {one["field"]: one["after"] for one in latest["changes"]} == {
            "title": "Firma",
            "note": None,
            "guests": None,
        }
    assert (await agency.call(stranger, "GET", path)).refusal == (403, "permission_missing", set())
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        kept = await tx.value("SELECT string_agg(before::text || after::text, '') FROM record_history")
    assert not any(secret in kept for secret in ("Neri", "Verdi", "Fillungo", "example.test"))


@pytest.mark.catalogue("MG-17")
async def test_each_change_is_told_whole_and_without_place_and_note(agency: Agency) -> None:
    boss = may(agency, agency.ada, create=EVERYTHING)
    made = await make(agency, boss, attendees=[str(agency.bruno)], note="Neri", place="Via Fillungo", guests=[GUEST])
    moved = (await change(agency, boss, made, {"title": "Firma"})).body
    await cancel(agency, boss, moved)
    told = [
        await agency.events(f"records.appointment.{happening}.v1")
        for happening in ("scheduled", "changed", "cancelled")
    ]
    assert [[(one["version"], one["summary"]) for one in events] for events in told] == [
        [(1, "Sopralluogo")],
        [(2, "Firma")],
        [(3, "Firma")],
    ]
    ((first,), *_) = told
    assert (first["owner_id"], first["attendees"], first["starts_at"], first["timezone"]) == (
        str(boss),
        [str(agency.bruno)],
        "2026-03-29T07:00:00Z",
        "Europe/Rome",
    )
    assert first["guests"] == [{"contact_id": None, **GUEST}]
    assert not any(secret in str(told) for secret in ("Neri", "Fillungo"))


BAD: Final[tuple[tuple[dict[str, object], int, str, set[str]], ...]] = (
    ({"when": {**ROME, "starts_local": "2026-03-29T02:30"}}, 422, "invalid", {"/when/starts_local"}),
    ({"when": {**ROME, "ends_local": "2026-03-29T08:00"}}, 422, "invalid", {"/when/ends_local"}),
    ({"when": {**ROME, "timezone": "Europe/Nowhere"}}, 422, "invalid", {"/when/timezone"}),
    ({"when": {**ROME, "timezone": "Factory"}}, 422, "invalid", {"/when/timezone"}),
    ({"when": {**ROME, "timezone": "localtime"}}, 422, "invalid", {"/when/timezone"}),
    ({"when": {**ROME, "timezone": "../../etc/passwd"}}, 422, "invalid", {"/when/timezone"}),
    ({"when": {**ROME, "starts_local": "2026-03-29T09:00:30"}}, 422, "invalid", {"/when/starts_local"}),
    ({"when": {**ROME, "starts_local": "2026-03-29T09:00Z"}}, 422, "invalid", {"/when/starts_local"}),
    ({"title": "  "}, 422, "invalid", {"/title"}),
    ({"attendees": [str(UUID(int=7))]}, 422, "unknown_person", {"/attendees"}),
    ({"owner_id": str(UUID(int=7))}, 422, "unknown_person", {"/owner_id"}),
    ({"office_id": str(UUID(int=7))}, 422, "unknown_office", {"/office_id"}),
    ({"listing_id": str(UUID(int=7))}, 422, "unknown_listing", {"/listing_id"}),
    ({"inquiry_id": str(UUID(int=7))}, 422, "unknown_inquiry", {"/inquiry_id"}),
    ({"contacts": [str(UUID(int=7))]}, 422, "unknown_contact", {"/contacts"}),
    ({"guests": [{"email": "nobody", "locale": "it"}]}, 422, "invalid", {"/guests/0/email"}),
    ({"guests": [{"email": f"{c}@example.test", "locale": "it"} for c in "aA"]}, 422, "invalid", {"/guests"}),
    ({"starts_at": "2026-03-29T09:00Z"}, 422, "invalid", {"/starts_at"}),
)


@pytest.mark.parametrize(("fields", "status", "code", "pointers"), BAD, ids=[str(bad[0])[:60] for bad in BAD])
async def test_what_cannot_be_is_refused_with_its_place_and_changes_nothing(
    agency: Agency, fields: dict[str, object], status: int, code: str, pointers: set[str]
) -> None:
    boss = may(agency, agency.ada, create=EVERYTHING)
    made = await make(agency, boss)
    before = await agency.left()
    assert (await agency.call(boss, "POST", "/v1/appointments", {**_plain(), **fields})).refusal == (
        status,
        code,
        pointers,
    )
    assert (await change(agency, boss, made, fields)).refusal == (status, code, pointers)
    assert await agency.left() == before


async def test_a_listing_that_one_cannot_open_cannot_be_named(agency: Agency) -> None:
    listing = await agency.take_on()
    agent = agency.give(agency.bruno)
    body = {**_plain(), "listing_id": listing["id"]}
    assert (await agency.call(agent, "POST", "/v1/appointments", body)).refusal == (
        422,
        "unknown_listing",
        {"/listing_id"},
    )


@pytest.mark.catalogue("IMO-B12")
async def test_the_place_of_a_viewing_is_told_to_others_only_if_they_may_read_the_listings_address(
    agency: Agency,
) -> None:
    listing = await agency.take_on(identity={"street_name": "Via Fillungo"})
    made = await make(agency, agency.ada, listing_id=listing["id"], place="Via Fillungo 1")
    keys = {"calendar.read": EVERYTHING, "listings.read": EVERYTHING}
    for identity in (True, False):
        reader = UserId(ids.uuid7())
        agency.authz.give(agency.tenant_id, reader, keys | ({"listings.identity.read": EVERYTHING} if identity else {}))
        (one,) = await listed(agency, reader)
        assert one["details"]["place"] == ("Via Fillungo 1" if identity else None)
        assert (await agency.call(reader, "GET", f"/v1/appointments/{made['id']}")).body == one
    await agency.call(agency.ada, "DELETE", f"/v1/listings/{listing['id']}", headers={"If-Match": '"1"'})
    kept = (await agency.call(agency.ada, "GET", f"/v1/appointments/{made['id']}")).body
    assert (kept["details"]["listing_id"], kept["details"]["place"]) == (None, None)


async def test_a_contact_is_written_to_at_his_address_which_the_appointment_does_not_show(agency: Agency) -> None:
    head = {f"{section}.{key}": EVERYTHING for section in ("contacts", "inquiries") for key in ("create", "read")}
    agency.authz.give(agency.tenant_id, agency.ada, {**head, "contacts.identity.update": EVERYTHING})
    known = await agency.get_to_know(identity={"emails": ["neri@example.test", "other@example.test"]}, language="it")
    silent = await agency.get_to_know(name="Ugo Verdi")
    inquiry = await agency.take_in()
    both = [known["id"], silent["id"]]
    made = await make(agency, agency.ada, contacts=both, inquiry_id=inquiry["id"], note="Neri")
    assert (made["details"]["contacts"], made["details"]["inquiry_id"]) == (sorted(both), inquiry["id"])
    assert "example.test" not in str(made)
    (told,) = await agency.events("records.appointment.scheduled.v1")
    assert told["guests"] == [
        {"contact_id": known["id"], "email": "neri@example.test", "display_name": "Giulia Neri", "locale": "it"}
    ]
    agent = UserId(ids.uuid7())
    agency.authz.give(agency.tenant_id, agent, {})
    for hidden in ({"contacts": [known["id"]]}, {"inquiry_id": inquiry["id"]}):
        assert (await agency.call(agent, "POST", "/v1/appointments", {**_plain(), **hidden})).status == 422
    alone = (await change(agency, agency.ada, made, {"contacts": [], "inquiry_id": None})).body
    assert (alone["details"]["contacts"], alone["details"]["inquiry_id"]) == ([], None)


async def test_the_same_key_makes_one_appointment(agency: Agency) -> None:
    key = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(
        *(agency.call(agency.bruno, "POST", "/v1/appointments", _plain(), key) for _ in range(5))
    )
    assert {answer.body["id"] for answer in answers} == {one["id"] for one in await listed(agency, agency.bruno)}
    assert len(await agency.events("records.appointment.scheduled.v1")) == 1


async def test_of_changes_at_the_same_time_one_wins_and_the_others_learn_of_it(agency: Agency) -> None:
    made = await make(agency, agency.bruno)
    for _ in range(20):
        answers = await asyncio.gather(
            *(change(agency, agency.bruno, made, {"title": f"T{at}"}) for at in range(4)),
            cancel(agency, agency.bruno, {**made, "version": 10**6}),
        )
        assert sorted(answer.status for answer in answers) == [200, 412, 412, 412, 412]
        made = (await agency.call(agency.bruno, "GET", f"/v1/appointments/{made['id']}")).body
    assert len(await agency.events("records.appointment.changed.v1")) == 20


async def test_busy_times_are_told_as_one_and_only_of_those_whose_calendars_one_may_read(agency: Agency) -> None:
    agency.authz.give(agency.tenant_id, agency.ada, {"calendar.create": EVERYTHING})
    for starts, ends, private in (("09:00", "10:00", True), ("10:00", "10:30", False), ("12:00", "13:00", False)):
        when = {**ROME, "starts_local": f"2026-03-29T{starts}", "ends_local": f"2026-03-29T{ends}"}
        await make(agency, agency.ada, when=when, is_private=private, attendees=[str(agency.bruno)])
    asked = {"since": "2026-03-29T00:00:00Z", "until": "2026-03-29T10:30:00Z"}
    people = {"user_ids": [str(agency.bruno), str(agency.carla), str(agency.ada)]}
    reader = may(agency, UserId(ids.uuid7()), read=Scope(owners=frozenset({agency.bruno, agency.carla})))
    answer = await agency.call(reader, "POST", "/v1/appointments/busy", {**asked, **people})
    assert answer.body["items"] == [
        {"user_id": str(agency.bruno), "starts_at": "2026-03-29T07:00:00Z", "ends_at": "2026-03-29T08:30:00Z"},
        {"user_id": str(agency.bruno), "starts_at": "2026-03-29T10:00:00Z", "ends_at": "2026-03-29T10:30:00Z"},
    ]
    stranger = may(agency, UserId(ids.uuid7()))
    assert (await agency.call(stranger, "POST", "/v1/appointments/busy", {**asked, **people})).body == {"items": []}


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-03-29T00:00:00Z", "2026-03-29T00:00:00Z"),
        ("2026-03-29T00:00:00Z", "2026-03-28T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2027-01-03T00:00:00Z"),
    ],
)
async def test_a_period_that_is_none_is_refused(agency: Agency, since: str, until: str) -> None:
    answer = await agency.call(agency.ada, "GET", f"/v1/appointments?since={since}&until={until}")
    assert answer.refusal == (422, "invalid", {"/until"})


OFFICES: Final = tuple(OfficeId(UUID(int=0x100 + at)) for at in range(3))
PEOPLE: Final = tuple(UserId(UUID(int=0x200 + at)) for at in range(4))
BEGUN: Final = datetime(2026, 3, 1, tzinfo=UTC)


def _stock() -> list[Appointment]:
    """Every combination of office, owner, maker and privacy, with attendees going round, some at the same time."""
    found = list[Appointment]()
    for at, (office, owner, maker, private) in enumerate(product((*OFFICES, None), PEOPLE, PEOPLE[:2], (False, True))):
        starts = BEGUN + timedelta(hours=at // 2)
        attendees = frozenset({PEOPLE[at % 3], PEOPLE[at // 5 % 4]} if at % 4 else ()) - {owner}
        found.append(
            Appointment(
                id=UUID(int=0x1000 + at * 7919 % 6007),
                kind=Kind.CALL,
                title=f"No. {at}",
                note=None,
                place=None,
                office_id=office,
                owner_id=owner,
                created_by=maker,
                attendees=attendees,
                contacts=frozenset(),
                guests=frozenset(),
                listing_id=None,
                inquiry_id=None,
                is_private=private,
                timezone="UTC",
                starts_local="2026-03-01T00:00",
                ends_local="2026-03-01T00:00",
                starts_at=starts,
                ends_at=starts + timedelta(hours=1 + at % 30),
                cancelled_at=BEGUN if at % 11 == 0 else None,
                created_at=BEGUN,
                updated_at=BEGUN,
            )
        )
    return sorted(found, key=lambda one: (one.starts_at, one.id))


STOCK: Final = _stock()
scopes = st.builds(
    Scope,
    everything=st.sampled_from((None, None, None, View.PUBLIC, View.FULL)),
    offices=st.frozensets(st.sampled_from(OFFICES)),
    public_offices=st.frozensets(st.sampled_from(OFFICES)),
    owners=st.frozensets(st.sampled_from(PEOPLE)),
)


def _expected(who: UserId, read: Scope, created: Scope, asked: Period) -> list[tuple[UUID, bool]]:
    """Return what a list shows and whether in full, by going through everything with the rule in words."""
    shown = list[tuple[UUID, bool]]()
    for one in STOCK:
        if one.cancelled_at or one.starts_at >= asked.end or one.ends_at <= asked.start:
            continue
        there = {one.owner_id, *one.attendees}
        mine = who in there
        made = one.created_by == who and (
            created.everything is View.FULL or one.office_id in created.offices or one.owner_id in created.owners
        )
        reached = read.everything is View.FULL or one.office_id in read.offices or one.owner_id in read.owners
        full = mine or made or (not one.is_private and (reached or bool(there & read.owners)))
        busy = reached or read.everything is View.PUBLIC or one.office_id in read.public_offices
        about = asked.user_id is None or one.owner_id == asked.user_id or (full and asked.user_id in there)
        if (full or busy) and about:
            shown.append((one.id, full))
    return shown


@pytest_asyncio.fixture(loop_scope="session")
async def stocked(agency: Agency) -> Agency:
    async with agency.db.transaction(agency.tenant_id) as tx:
        for office in OFFICES:
            await directory.save_office(tx, office, 1)
        for one in STOCK:
            await appointments.insert(tx, one)
    return agency


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    who=st.sampled_from(PEOPLE),
    read=scopes,
    created=scopes,
    about=st.none() | st.sampled_from(PEOPLE),
    hours=st.tuples(st.integers(0, 60), st.integers(1, 40)),
    size=st.integers(1, 20),
)
async def test_the_list_and_the_rule_agree_for_any_reach_period_and_size_of_page(
    stocked: Agency,
    who: UserId,
    read: Scope,
    created: Scope,
    about: UserId | None,
    hours: tuple[int, int],
    size: int,
) -> None:
    start = BEGUN + timedelta(hours=hours[0])
    asked = Period(start, start + timedelta(hours=hours[1]), about)
    held = {"calendar.read": read, "calendar.created.manage": created}
    snapshot = AccessSnapshot(stocked.tenant_id, who, 1, Ownership.ASSIGNEE, held, principals=frozenset({who}))
    found, after = list[Appointment](), None
    async with stocked.db.transaction(stocked.tenant_id, readonly=True) as tx:
        while page := await appointments.visible_page(tx, snapshot, asked, after=after, limit=size):
            found += page
            after = (page[-1].starts_at, page[-1].id)
    assert [(one.id, sight(one, snapshot) is View.FULL) for one in found] == _expected(who, read, created, asked)
    assert all(sight(one, snapshot) for one in found)
    assert {one.id: one.attendees for one in found}.items() <= {one.id: one.attendees for one in STOCK}.items()
