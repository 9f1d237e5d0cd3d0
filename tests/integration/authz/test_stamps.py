"""Stamps are a person's own list; they hold what can be sent to records as it is."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts.identity_events import TeamChanged
from services.contracts.vocabulary import TeamId
from tests.integration.authz.conftest import Agency, Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")


def entry(kind: str, holder: UUID, record_class: str = "read", effect: str = "allow") -> dict[str, Any]:
    return {"holder_kind": kind, "holder_id": str(holder), "record_class": record_class, "effect": effect}


async def stamper(agency: Agency) -> UUID:
    person = await agency.person()
    await agency.group({"key": "record_rights.update", "reach": "own"}, members=(person,))
    return person


async def change(agency: Agency, stamp: Any, method: str, by: UUID, body: object = None) -> Answer:
    return await agency.call(method, f"/v1/stamps/{stamp['id']}", body, by=by, If_Match=f'"{stamp["version"]}"')


@pytest.mark.catalogue("ON-23", "ON-27", "ON-28")
async def test_a_stamp_keeps_a_selection_is_changed_and_thrown_away(agency: Agency) -> None:
    person, colleague = await stamper(agency), await agency.person()
    entries = [entry("office", agency.office_id, "write", "deny"), entry("user", colleague)]
    made = await agency.call(
        "POST",
        "/v1/stamps",
        {"name": "Letting", "entries": [*entries, entry("user", person, "identity", "inherit")]},
        by=person,
    )
    assert (made.status, made.body["entries"]) == (201, entries)

    changed = await change(agency, made.body, "PUT", person, {"name": "Sales", "entries": entries[1:]})
    assert (changed.body["name"], changed.body["entries"], changed.headers["Etag"]) == ("Sales", entries[1:], '"2"')
    assert (await change(agency, made.body, "DELETE", person)).status == 412
    assert (await change(agency, changed.body, "DELETE", person)).status == 204
    assert (await agency.call("GET", "/v1/stamps", by=person)).body == {"items": [], "next": None}


@pytest.mark.catalogue("ON-25", "ON-26")
async def test_each_person_has_a_list_of_his_own_and_the_right_to_it(agency: Agency) -> None:
    one, other, agent = await stamper(agency), await stamper(agency), await agency.person()
    stamp = (await agency.call("POST", "/v1/stamps", {"name": "Mine", "entries": []}, by=one)).body
    assert (await agency.call("POST", "/v1/stamps", {"name": "Mine", "entries": []}, by=other)).status == 201

    for method in ("GET", "DELETE"):
        assert (await change(agency, stamp, method, other)).status == 404
    assert (await change(agency, stamp, "PUT", other, {"name": "x", "entries": []})).status == 404
    taken = await agency.call("POST", "/v1/stamps", {"name": "MINE", "entries": []}, by=one)
    assert (taken.status, taken.code) == (409, "stamp_name_taken")
    refused = await agency.call("GET", "/v1/stamps", by=agent)
    assert (refused.status, refused.code) == (403, "permission_missing")


async def test_a_stamp_speaks_only_of_whom_the_agency_has(agency: Agency, other_agency: Agency) -> None:
    person = await stamper(agency)
    entries = [entry("user", other_agency.administrator_id), entry("team", uuid4()), entry("user", person)]
    answer = await agency.call("POST", "/v1/stamps", {"name": "x", "entries": [*entries, entries[2]]}, by=person)

    assert (answer.status, answer.errors) == (
        422,
        [
            ("/entries/0/holder_id", "unknown_user"),
            ("/entries/1/holder_id", "unknown_team"),
            ("/entries/3", "twice"),
        ],
    )


async def test_the_same_key_gives_the_same_stamp_whatever_became_of_whom_it_speaks_of(agency: Agency) -> None:
    person, team = await stamper(agency), uuid4()
    there = TeamChanged(team_id=TeamId(team), version=1, name="Letting", members=(), removed=False)
    await agency.tell(there)
    body = {"name": "x", "entries": [entry("team", team)]}

    async def sent(key: str) -> Answer:
        return await agency.call("POST", "/v1/stamps", body, by=person, Idempotency_Key=key)

    made = await sent("one")
    await agency.tell(there.model_copy(update={"version": 2, "removed": True}))

    again = await sent("one")
    assert (made.status, again.status, again.body) == (201, 201, made.body)
    fresh = await sent("two")
    assert (fresh.status, fresh.errors) == (422, [("/entries/0/holder_id", "unknown_team")])


async def test_of_two_changes_of_one_version_one_is_stale(agency: Agency) -> None:
    person = await stamper(agency)
    stamp = (await agency.call("POST", "/v1/stamps", {"name": "x", "entries": []}, by=person)).body
    bodies: list[Any] = [{"name": name, "entries": []} for name in ("a", "b")]

    answers = await asyncio.gather(*(change(agency, stamp, "PUT", person, body) for body in bodies))

    assert sorted(answer.status for answer in answers) == [200, 412]


async def test_stamps_are_listed_in_pages_newest_first(agency: Agency) -> None:
    person = await stamper(agency)
    made = list[str]()
    for n in range(3):
        made.append((await agency.call("POST", "/v1/stamps", {"name": str(n), "entries": []}, by=person)).body["id"])

    first = (await agency.call("GET", "/v1/stamps?limit=2", by=person)).body
    rest = (await agency.call("GET", f"/v1/stamps?limit=2&cursor={first['next']}", by=person)).body

    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]


@pytest.mark.catalogue("ON-26", "ON-32")
async def test_records_is_given_what_a_persons_own_stamp_says_and_nobody_elses(
    agency: Agency, other_agency: Agency
) -> None:
    person, other = await stamper(agency), await stamper(agency)
    entries = [entry("office", agency.office_id, "write", "deny"), entry("user", other, "identity")]
    stamp = (await agency.call("POST", "/v1/stamps", {"name": "x", "entries": entries}, by=person)).body

    given = await agency.peer("GET", f"{person}/stamps/{stamp['id']}")
    assert (given.status, given.body) == (200, {"entries": entries})
    assert (await agency.peer("GET", f"{other}/stamps/{stamp['id']}")).code == "not_found"
    assert (await agency.peer("GET", f"{person}/stamps/{uuid4()}")).code == "not_found"
    assert (await other_agency.peer("GET", f"{person}/stamps/{stamp['id']}")).code == "not_found"
    path = f"/internal/v1/tenants/{agency.tenant_id}/users/{person}/stamps/{stamp['id']}"
    assert (await agency.call("GET", path, by=person)).status == 401
