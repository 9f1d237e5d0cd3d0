"""The agent card: what colleagues see of each other, and what only those see whom it concerns."""

import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.integration.identity.conftest import Agency
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARD: dict[str, Any] = {
    "title": "Direttrice",
    "colour": "#2F7D32",
    "sender_address": "vendite@agency.example",
    "contacts": [
        {"kind": "mobile", "value": "+39 333 1234567", "shown": False},
        {"kind": "web", "value": "https://agency.example", "shown": True},
    ],
    "shown": ["name", "title"],
    "billing": {"name": "Gina Rossi", "address": "Via Roma 1", "tax_code": "RSSGNI80A41F205X", "vat_number": ""},
    "descriptions": {"it": "Da vent'anni a Lucca.", "en": "Twenty years in Lucca."},
}


def at(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


@pytest.mark.catalogue("MG-6", "MG-8", "MG-10", "MG-11", "MG-12", "MG-15", "MG-16")
async def test_a_card_is_read_as_it_was_written_and_billing_only_by_whom_it_concerns(agency: Agency) -> None:
    user, colleague = await agency.add_user(), await agency.add_user()
    path = f"/v1/users/{user['id']}/card"
    _, empty = await agency.call("GET", path)
    assert (empty["version"], empty["contacts"], empty["billing"]) == (0, [], None)
    status, card = await agency.call("PUT", path, CARD, at(0))
    assert (status, card) == (200, {**CARD, "colour": "#2f7d32", "shown": ["name", "title"], "version": 1})
    assert (await agency.call("GET", path))[1] == card
    assert (await agency.call("PUT", path, CARD, at(0)))[0] == 412
    assert (await agency.call("PUT", path, CARD))[0] == 428
    for one, sees in ((user, card), (colleague, {**card, "billing": None})):
        await agency.activate(one["id"])
        _, tokens = await agency.sign_in(one["userid"])
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await agency.call("GET", path, headers=bearer))[1] == sees
        status, problem = await agency.call("PUT", path, CARD, {**bearer, **at(1)})
        assert (status, problem["code"]) == (403, "permission_missing")


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "green"},
        {"sender_address": "nobody"},
        {"contacts": [{"kind": "pigeon", "value": "x"}]},
        {"contacts": [{"kind": "phone", "value": ""}]},
        {"shown": ["billing"]},
        {"shown": ["contacts"]},
        {"descriptions": {"italian": "x"}},
        {"title": "two\nlines"},
    ],
)
async def test_a_card_that_cannot_be_is_refused(agency: Agency, wrong: dict[str, object]) -> None:
    path = f"/v1/users/{agency.administrator_id}/card"
    assert (await agency.call("PUT", path, {**CARD, **wrong}, at(0)))[0] == 422


async def test_nobody_has_no_card(agency: Agency) -> None:
    path = f"/v1/users/{agency.office_id}/card"
    assert (await agency.call("GET", path))[0] == 404
    assert (await agency.call("PUT", path, CARD, at(0)))[0] == 404


@pytest.mark.catalogue("MG-11")
async def test_the_public_card_has_what_is_shown_and_goes_with_the_person(agency: Agency) -> None:
    user = await agency.add_user()
    path = f"/v1/users/{user['id']}"
    assert (await agency.call("PUT", f"{path}/card", {**CARD, "shown": ["name", "description"]}, at(0)))[0] == 200
    assert (await agency.call("GET", f"{path}/public-card"))[0] == 404
    assert (await agency.activate(user["id"]))[0] == 204
    status, public = await agency.call("GET", f"{path}/public-card")
    assert (status, public) == (
        200,
        {
            "display_name": "Gina Rossi",
            "title": None,
            "email": None,
            "contacts": [{"kind": "web", "value": "https://agency.example"}],
            "descriptions": CARD["descriptions"],
            "photo": False,
        },
    )
    assert (await agency.call("PUT", f"{path}/state", {"state": "suspended"}, at(2)))[0] == 200
    assert (await agency.call("GET", f"{path}/public-card"))[0] == 404


@pytest.mark.catalogue("MG-11")
@pytest.mark.parametrize("together", [True, False])
async def test_contacts_that_were_shown_together_or_not_at_all_are_so_until_each_is_chosen(
    agency: Agency, identity_database: ServiceDatabase, together: bool
) -> None:
    path = f"/v1/users/{agency.administrator_id}"
    assert (await agency.call("PUT", f"{path}/card", CARD, at(0)))[0] == 200
    connection = await asyncpg.connect(identity_database.worker)
    try:
        await connection.execute(
            "UPDATE agent_cards SET contacts = $2::text::jsonb, shown = $3 WHERE user_id = $1",
            agency.administrator_id,
            json.dumps([{"kind": one["kind"], "value": one["value"]} for one in CARD["contacts"]]),
            ["name", "contacts"] if together else ["name"],
        )
    finally:
        await connection.close()
    _, card = await agency.call("GET", f"{path}/card")
    assert ([one["shown"] for one in card["contacts"]], card["shown"]) == ([together, together], ["name"])
    assert len((await agency.call("GET", f"{path}/public-card"))[1]["contacts"]) == 2 * together

    office_alone = [{**one, "shown": one["kind"] == "web"} for one in CARD["contacts"]]
    assert (await agency.call("PUT", f"{path}/card", {**CARD, "contacts": office_alone}, at(1)))[0] == 200
    assert (await agency.call("GET", f"{path}/card"))[1]["contacts"] == office_alone
    _, public = await agency.call("GET", f"{path}/public-card")
    assert public["contacts"] == [{"kind": "web", "value": "https://agency.example"}]


@pytest.mark.catalogue("MG-23")
async def test_who_may_not_appear_on_the_site_has_no_public_card(agency: Agency, authz: StubAuthz) -> None:
    user, colleague = await agency.add_user(), await agency.add_user()
    for one in (user, colleague):
        assert (await agency.activate(one["id"]))[0] == 204
        assert (await agency.call("PUT", f"/v1/users/{one['id']}/card", CARD, at(0)))[0] == 200
    path = f"/v1/users/{user['id']}/public-card"

    authz.hidden.add((agency.tenant_id, UUID(user["id"])))
    status, problem = await agency.call("GET", path)
    assert (status, problem["code"]) == (404, "not_found")
    assert (await agency.call("GET", f"/v1/users/{user['id']}/card"))[0] == 200
    assert (await agency.call("GET", f"/v1/users/{colleague['id']}/public-card"))[0] == 200

    authz.hidden.clear()
    assert (await agency.call("GET", path))[0] == 200


async def test_nobody_is_shown_to_the_world_while_authz_cannot_say_whether_he_may_be(
    agency: Agency, authz: StubAuthz
) -> None:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    assert (await agency.call("PUT", f"/v1/users/{user['id']}/card", CARD, at(0)))[0] == 200
    authz.down = True
    try:
        status, problem = await agency.call("GET", f"/v1/users/{user['id']}/public-card")
    finally:
        authz.down = False
    assert (status, problem["code"]) == (503, "unavailable")


@pytest.mark.catalogue("MG-8", "MG-12")
async def test_a_card_is_announced_without_what_is_private(agency: Agency, identity_database: ServiceDatabase) -> None:
    user = await agency.add_user()
    for version in (0, 1):
        assert (await agency.call("PUT", f"/v1/users/{user['id']}/card", CARD, at(version)))[0] == 200
    assert (await agency.call("PUT", f"/v1/users/{user['id']}/card", CARD, at(1)))[0] == 412
    connection = await asyncpg.connect(identity_database.worker)
    try:
        told = await connection.fetch(
            """
            SELECT data::text FROM outbox
             WHERE topic = 'identity.agent_card.changed.v1' AND data->>'user_id' = $1
             ORDER BY seq
            """,
            user["id"],
        )
    finally:
        await connection.close()
    events = [json.loads(row["data"]) for row in told]
    assert [one["version"] for one in events] == [1, 2]
    assert (events[0]["sender_address"], events[0]["colour"]) == (CARD["sender_address"], "#2f7d32")
    assert CARD["billing"]["tax_code"] not in str(events)
    assert CARD["contacts"][0]["value"] not in str(events)
