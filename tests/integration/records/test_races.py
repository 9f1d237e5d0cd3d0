"""What happens at once, a hundred times: exactly one fills, nobody reads what is no longer his, a stamp is whole."""

import asyncio
from typing import Any

import pytest

from services.contracts.access import Scope
from tests.integration.records.conftest import Agency, Answer
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

TIMES = 100
OWN = Scope(own=True)


@pytest.mark.catalogue("IMO-6", "IMO-B13")
async def test_of_parallel_fillings_of_one_field_exactly_one_succeeds(agency: Agency) -> None:
    agent = agency.give(agency.bruno, read=EVERYTHING, identity__fill=EVERYTHING)
    for _ in range(TIMES):
        made = await agency.take_on()
        path = f"/v1/listings/{made['id']}/identity/fill"
        answers = await asyncio.gather(*(agency.call(agent, "POST", path, {"owner_name": f"N{at}"}) for at in range(3)))
        assert sorted(answer.status for answer in answers) == [200, 409, 409]
        (filled,) = (at for at, answer in enumerate(answers) if answer.status == 200)
        opened = (await agency.call(agency.ada, "GET", f"/v1/listings/{made['id']}")).body
        assert (opened["identity"]["owner_name"], opened["version"]) == (f"N{filled}", 2)


@pytest.mark.catalogue("IMO-33", "IMO-53")
@pytest.mark.parametrize("section", ["listings", "inquiries"])
async def test_a_record_that_changes_hands_is_read_as_it_was_or_not_at_all(agency: Agency, section: str) -> None:
    reader = agency.give(agency.bruno, section=section, list=OWN, read=OWN, identity__read=OWN)
    name = {"listings": "owner_name", "inquiries": "client_name"}[section]
    take = {"listings": agency.take_on, "inquiries": agency.take_in}[section]
    for at in range(TIMES):
        mine: dict[str, Any] = {"basic": {"assignee_id": str(reader)}, "identity": {name: "Before"}}
        made = await take(None, **mine)
        away = {"basic": {"assignee_id": str(agency.carla)}, "identity": {name: f"After {at}"}}
        changed, opened, listed, *histories = await asyncio.gather(
            agency.do(agency.ada, section, made, "PATCH ", away),
            agency.do(reader, section, made, "GET "),
            agency.call(reader, "GET", f"/v1/{section}"),
            *(agency.do(reader, section, made, "GET /history") for _ in range(3)),
        )
        assert changed.status == 200
        assert "After" not in str((opened.body, listed.body, [history.body for history in histories]))
        if opened.status == 200:
            assert (opened.body["version"], opened.body["identity"][name]) == (1, "Before")
        assert (await agency.do(reader, section, made, "GET ")).status == 404


@pytest.mark.catalogue("ON-31")
async def test_stamps_and_edits_at_once_leave_the_entries_of_one_stamp(agency: Agency) -> None:
    made = await agency.take_on()
    rights = f"/v1/listings/{made['id']}/record-rights"
    stamps = [_entries(str(person)) for person in (agency.bruno, agency.carla)]
    for at in range(TIMES):
        answers = await asyncio.gather(
            *(agency.call(agency.ada, "POST", f"{rights}/stamp", {"entries": stamp}) for stamp in stamps),
            agency.change(agency.ada, made, {"title": f"T{at}"}),
        )
        assert [answer.status for answer in answers] == [200, 200, 200]
        made = answers[-1].body
        assert _holders(await agency.call(agency.ada, "GET", rights)) in (
            [str(agency.bruno)] * 2,
            [str(agency.carla)] * 2,
        )


@pytest.mark.catalogue("ON-44")
async def test_criteria_given_to_a_contact_that_is_deleted_go_with_it_or_are_refused(agency: Agency) -> None:
    wish = {"name": "Wish", "transaction_type": "sale"}
    for _ in range(TIMES // 2):
        contact = await agency.get_to_know()
        given, deleted = await asyncio.gather(
            agency.call(agency.ada, "POST", f"/v1/contacts/{contact['id']}/criteria", wish),
            agency.do(agency.ada, "contacts", contact, "DELETE "),
        )
        assert (given.status in {201, 404}, deleted.status) == (True, 204)
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        assert await tx.value("SELECT count(*) FROM search_criteria") == 0


def _entries(holder: str) -> list[dict[str, str]]:
    return [
        {"holder_kind": "user", "holder_id": holder, "record_class": each, "effect": "deny"}
        for each in ("read", "write")
    ]


def _holders(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [entry["holder_id"] for entry in answer.body["entries"]]
