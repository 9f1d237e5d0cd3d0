"""records beside the real authz: stamps are set, proposals told of and carried out, deciding sources named."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.app import SERVICE as AUTHZ
from services.chassis import ids
from services.chassis.database import Database, open_database
from services.contracts.identity_events import OfficeChanged
from services.contracts.vocabulary import OfficeId, UserId, UserState
from services.records.app import SERVICE
from services.records.store import directory
from tests.conftest import FreshDatabase
from tests.integration.authz import conftest as authz_side
from tests.integration.records.conftest import Agency
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import serving, settings_of
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTED: Final = ("listings.list", "listings.private.read")
REACHES: Final = ("all", "principal", "own", "office", "user")


@dataclass(frozen=True, slots=True)
class House:
    """One agency in both services: `rights` at authz, `desk` at records; Bruno is in the group."""

    rights: authz_side.Agency
    desk: Agency
    group_id: str

    async def numbers(self, who: UUID) -> set[str]:
        """Return what somebody's list shows, as fresh as authz is."""
        snapshot = await self.rights.peer("GET", f"{who}/snapshot")
        fresh, found, query = {"Access-Version": snapshot.headers["Access-Version"]}, set[str](), "?limit=5"
        while True:
            page = (await self.desk.call(who, "GET", f"/v1/listings{query}", None, fresh)).body
            found |= {item["number"] for item in page["items"]}
            if page["next"] is None:
                return found
            query = f"?limit=5&cursor={page['next']}"

    async def carry_out(self, path: str, body: object, method: str = "PUT") -> None:
        """Change the group for good."""
        group = (await self.rights.call("GET", f"/v1/groups/{self.group_id}")).body
        answer = await self.rights.change(group, method, path, body)
        assert answer.status == 200, answer.body


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    http: aiohttp.ClientSession,
    database: FreshDatabase,
    records_database: ServiceDatabase,
    records_db: Database,
    authz: StubAuthz,
    issuer: Issuer,
) -> AsyncGenerator[House]:
    """Both services, and an agency with listings of three people in two offices, some of them private."""
    held = await database(AUTHZ)
    async with (
        open_database(held.app, connections=4, name="tests") as db,
        serving(AUTHZ, settings_of(AUTHZ, held, jwks_url=issuer.jwks_url)) as url,
        serving(SERVICE, settings_of(SERVICE, records_database, authz_url=url, jwks_url=issuer.jwks_url)) as base,
    ):
        rights = await authz_side.found_agency(http, url, issuer, db)
        centre, harbour = OfficeId(rights.office_id), OfficeId(ids.uuid7())
        await rights.tell(OfficeChanged(office_id=harbour, version=1, name="Porto"))
        ada, bruno, carla = map(UserId, (rights.administrator_id, await rights.person(), await rights.person()))
        async with records_db.transaction(rights.tenant_id) as tx:
            for office in (centre, harbour):
                await directory.save_office(tx, office, 1)
            for person in (ada, bruno, carla):
                await directory.save_person(tx, person, 1, UserState.ACTIVE)
        group = await rights.group(members=(bruno,))
        desk = Agency(http, base, records_db, authz, issuer, rights.tenant_id, centre, harbour, ada, bruno, carla)
        for at in range(18):
            basic = {"assignee_id": str((ada, bruno, carla)[at % 3]), "is_private": at % 4 == 3}
            await desk.take_on(office_id=str((centre, harbour)[at % 2]), basic=basic)
        yield House(rights, desk, group["id"])


def _sound(house: House, drawn: set[tuple[str, str, bool]]) -> list[dict[str, Any]]:
    """Return drawn grants that the catalogue offers; `bool` says which office or person is named."""
    catalogue, desk = permission_catalogue(), house.desk
    named = {"office": (desk.centre, desk.harbour), "user": (desk.ada, desk.carla)}
    return [
        {"key": key, "reach": reach, **({"reach_id": str(named[reach][second])} if reach in named else {})}
        for key, reach, second in sorted(drawn)
        if reach in set(map(str, catalogue[key].reaches)) and (reach in named or not second)
    ]


drawn_grants = st.sets(st.tuples(st.sampled_from(LISTED), st.sampled_from(REACHES), st.booleans()), max_size=5)


@settings(max_examples=25, deadline=None)
@given(drawn=drawn_grants)
async def test_the_records_that_a_proposal_is_said_to_move_are_those_that_it_moves(
    house: House, drawn: set[tuple[str, str, bool]]
) -> None:
    grants, desk = _sound(house, drawn), house.desk
    had = await house.numbers(desk.bruno)
    proposal = {"grants": [{"holder": "group", "holder_id": house.group_id, "grants": grants}]}
    told = await desk.call(desk.ada, "POST", "/v1/listings/impact", {"proposal": proposal, "samples": 10})
    assert told.status == 200, told.body
    assert await house.numbers(desk.bruno) == had
    await house.carry_out("/grants", {"grants": grants})
    has = await house.numbers(desk.bruno)
    shown = {item["user_id"]: item for item in told.body["items"]}.get(str(desk.bruno))
    counts = (shown["gained"]["count"], shown["lost"]["count"]) if shown else (0, 0)
    assert counts == (len(has - had), len(had - has))
    if shown:
        assert {each["number"] for each in shown["gained"]["samples"]} <= has - had
        assert {each["number"] for each in shown["lost"]["samples"]} <= had - has


async def test_who_would_join_a_group_is_told_of_too_and_what_is_wrong_by_its_place(house: House) -> None:
    desk = house.desk
    await house.carry_out("/grants", {"grants": [{"key": "listings.list", "reach": "all"}]})
    joins = {"memberships": [{"group_id": house.group_id, "user_id": str(desk.carla), "member": True}]}
    told = await desk.call(desk.ada, "POST", "/v1/listings/impact", {"proposal": joins})
    (item,) = told.body["items"]
    had = await house.numbers(desk.carla)
    await house.carry_out(f"/members/{desk.carla}", {})
    gained = await house.numbers(desk.carla) - had
    assert (item["user_id"], item["gained"]["count"], item["lost"]["count"]) == (str(desk.carla), len(gained), 0)
    assert gained
    one: dict[str, Any] = {"group_id": house.group_id, "user_id": str(desk.carla), "member": 7}
    wrong: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({}, "invalid", "/proposal"),
        ({"memberships": [one]}, "invalid", "/proposal/memberships/0/member"),
        ({"switches": [{"user_id": str(ids.uuid7()), "blocked": []}]}, "unknown_in_proposal", "/proposal"),
    )
    for proposal, code, pointer in wrong:
        refused = await desk.call(desk.ada, "POST", "/v1/listings/impact", {"proposal": proposal})
        assert refused.refusal == (422, code, {pointer})
    refused = await desk.call(desk.bruno, "POST", "/v1/listings/impact", {"proposal": joins})
    assert (refused.status, refused.body["code"]) == (403, "permission_missing")


@pytest.mark.catalogue("ON-23", "ON-26", "ON-27", "ON-30", "ON-31")
async def test_a_stamp_kept_at_authz_is_set_on_a_record_by_its_name(house: House) -> None:
    desk = house.desk
    listing = await desk.take_on()
    entry = {"holder_kind": "user", "holder_id": str(desk.carla), "record_class": "read", "effect": "allow"}
    stamp = (await house.rights.call("POST", "/v1/stamps", {"name": "Ours", "entries": [entry]})).body
    path = f"/v1/listings/{listing['id']}/record-rights"
    answer = await desk.call(desk.ada, "POST", f"{path}/stamp", {"stamp_id": stamp["id"]})
    assert answer.status == 200, answer.body
    (shown,) = answer.body["entries"]
    assert {name: shown[name] for name in entry} == entry
    await house.carry_out("/grants", {"grants": [{"key": "record_rights.update", "reach": "all"}]})
    fresh = (await house.rights.peer("GET", f"{desk.bruno}/snapshot")).headers["Access-Version"]
    foreign = await desk.call(desk.bruno, "POST", f"{path}/stamp", {"stamp_id": stamp["id"]}, {"Access-Version": fresh})
    assert foreign.refusal == (422, "unknown_stamp", {"/stamp_id"})
    assert (await desk.call(desk.ada, "GET", path)).body == answer.body


async def _colleague(house: House) -> UserId:
    """Return a new colleague of whom both services know."""
    person = UserId(await house.rights.person())
    async with house.desk.db.transaction(house.desk.tenant_id) as tx:
        await directory.save_person(tx, person, 1, UserState.ACTIVE)
    return person


async def _access(house: House, by: UserId, listing: dict[str, Any], person: UserId) -> dict[str, Any]:
    snapshot = await house.rights.peer("GET", f"{person}/snapshot")
    fresh = {"Access-Version": snapshot.headers["Access-Version"]}
    answer = await house.desk.call(by, "GET", f"/v1/listings/{listing['id']}/access?user={person}", None, fresh)
    assert answer.status == 200, answer.body
    return {item["key"]: item for item in answer.body["items"]}


@pytest.mark.catalogue("ON-18", "ON-20")
async def test_each_answer_names_the_group_template_grant_or_switch_that_decided(house: House) -> None:
    desk, rights, person = house.desk, house.rights, await _colleague(house)
    listing = await desk.take_on()
    every = {"reach": "all", "view": "full"}
    group = await rights.group({"key": "listings.read", **every}, {"key": "listings.print", **every}, members=(person,))
    template = await rights.template({"key": "listings.update", **every}, users=(person,))
    extended = {"key": "listings.delete", "reach": "office", "reach_id": str(desk.centre)}
    await rights.put_rights(person, "/grants", {"grants": [extended]})
    answers = await _access(house, desk.ada, listing, person)
    assert set(answers) == {key for key in permission_catalogue() if key.startswith("listings.")}
    named = {
        key: (item["grant"]["holder"], item["grant"]["holder_id"]) for key, item in answers.items() if item["grant"]
    }
    assert named == {
        "listings.read": ("group", group["id"]),
        "listings.print": ("group", group["id"]),
        "listings.update": ("template", template["id"]),
        "listings.delete": ("user", str(person)),
    }
    deleting = answers["listings.delete"]["grant"]
    assert (deleting["reach"], deleting["reach_id"]) == ("office", str(desk.centre))
    assert (answers["listings.read"]["grant"]["holder_name"], deleting["granted_by"]) == (group["name"], str(desk.ada))
    assert {key: (item["view"], item["decided_by"]) for key, item in answers.items() if key not in named} == {
        key: (None, "nothing") for key in answers if key not in named
    }
    await rights.put_rights(person, "/switches", {"blocked": ["print"]})
    printing = (await _access(house, desk.ada, listing, person))["listings.print"]
    assert (printing["view"], printing["decided_by"], printing["grant"]) == (None, "switch", None)


async def test_grants_are_named_to_who_may_look_at_rights_only(house: House) -> None:
    desk, rights, person, looker = house.desk, house.rights, await _colleague(house), await _colleague(house)
    listing = await desk.take_on()
    every = {"reach": "all", "view": "full"}
    await rights.group({"key": "listings.read", **every}, {"key": "record_rights.read", **every}, members=(looker,))
    await rights.group({"key": "listings.read", **every}, members=(person,))
    for by, is_named in ((desk.ada, True), (looker, False)):
        reading = (await _access(house, by, listing, person))["listings.read"]
        assert (reading["decided_by"], reading["grant"] is not None) == ("reach", is_named)


async def test_an_entry_names_the_stamp_by_which_it_was_given(house: House) -> None:
    desk, person = house.desk, await _colleague(house)
    listing = await desk.take_on()
    path = f"/v1/listings/{listing['id']}/record-rights"
    entry = {"holder_kind": "user", "holder_id": str(person), "record_class": "read", "effect": "allow"}
    stamp = (await house.rights.call("POST", "/v1/stamps", {"name": "Given by name", "entries": [entry]})).body
    assert (await desk.call(desk.ada, "POST", f"{path}/stamp", {"stamp_id": stamp["id"]})).status == 200
    reading = (await _access(house, desk.ada, listing, person))["listings.read"]
    assert (reading["decided_by"], reading["grant"]) == ("record_right", None)
    assert [each["stamp_id"] for each in reading["entries"]] == [stamp["id"]]
    other = {**entry, "record_class": "write"}
    answer = await desk.call(desk.ada, "PUT", path, {"entries": [entry, other]}, {"If-Match": '"1"'})
    assert [(one["record_class"], one["stamp_id"]) for one in answer.body["entries"]] == [
        ("read", stamp["id"]),
        ("write", None),
    ]


async def test_nothing_is_explained_while_authz_is_away(agency: Agency) -> None:
    made = await agency.take_on()
    path = f"/v1/listings/{made['id']}/access?user={agency.bruno}"
    assert (await agency.call(agency.ada, "GET", path)).status == 200
    agency.authz.down = True
    try:
        answer = await agency.call(agency.ada, "GET", path)
    finally:
        agency.authz.down = False
    assert (answer.status, answer.body["code"]) == (503, "unavailable")
