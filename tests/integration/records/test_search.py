"""Searching by words: what the caller sees is found, what is hidden is not, and counts say the same."""

from typing import Any

import pytest

from services.contracts.access import Scope
from services.contracts.vocabulary import View
from services.records.store import record_words
from tests.integration.records.conftest import Agency
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _found(agency: Agency, words: str, who: Any = None, section: str = "listings", more: str = "") -> set[str]:
    path = f"/v1/{section}?q={words}{more}"
    answer = await agency.call(who or agency.ada, "GET", path)
    assert answer.status == 200, answer.body
    count = await agency.call(who or agency.ada, "GET", f"/v1/{section}/count?q={words}{more}")
    assert count.body == {"count": len(answer.body["items"]), "capped": False}
    return {item["number"] for item in answer.body["items"]}


async def test_beginnings_of_words_are_found_whatever_their_accents_and_case(agency: Agency) -> None:
    await agency.take_on(number="A", title="Villa sul Lungomare", municipality="Forlì")
    await agency.take_on(number="B", title="Mieszkanie", municipality="Łódź")
    await agency.take_on(number="C", description="Große Wohnung in der Hauptstraße")
    for words, numbers in (
        ("villa", "A"),
        ("VIL lungo", "A"),
        ("forli", "A"),
        ("lodz", "B"),
        ("Łódź mieszk", "B"),
        ("hauptstrasse", "C"),
        ("grosse", "C"),
        ("illa", ""),
        ("villa lodz", ""),
        ("a", "A"),
    ):
        assert await _found(agency, words) == set(numbers), words
    assert await _found(agency, "m", more="&municipality=Łódź") == {"B"}
    for words in ("", "%20-", "a b c d e f g h i"):
        assert (await agency.call(agency.ada, "GET", f"/v1/listings?q={words}")).refusal == (422, "invalid", {"/q"})


@pytest.mark.catalogue("IMO-B12", "MG-35")
async def test_hidden_fields_are_neither_found_nor_counted(agency: Agency) -> None:
    await agency.take_on(number="A", identity={"owner_name": "Neri", "street_name": "Fillungo"})
    await agency.take_on(number="B", private_note={"text": "Neri rings twice."})
    await agency.take_in(number="Q", basic={"note": "Two children"}, identity={"client_name": "Neri"})
    for section in ("listings", "inquiries"):
        assert await _found(agency, "neri", section=section) == set()  # not even by who may read it: no such word
    visitor = agency.give(agency.bruno, section="inquiries", list=Scope(everything=View.PUBLIC))
    agent = agency.give(agency.carla, section="inquiries", list=EVERYTHING)
    assert await _found(agency, "children", agent, "inquiries") == {"Q"}
    assert await _found(agency, "children", visitor, "inquiries") == set()
    assert await _found(agency, "q", visitor, "inquiries") == {"Q"}


async def test_words_follow_every_change_and_go_with_the_record(agency: Agency) -> None:
    made = await agency.take_on(number="A", title="Villa")
    made = (await agency.change(agency.ada, made, {"title": "Casale", "municipality": "Villa Basilica"})).body
    assert (await _found(agency, "casale"), await _found(agency, "villa")) == ({"A"}, {"A"})
    made = (await agency.change(agency.ada, made, {"municipality": None})).body
    assert await _found(agency, "villa") == set()
    await agency.do(agency.ada, "listings", made, "DELETE ")
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        assert await tx.value("SELECT count(*) FROM record_words") == 0


async def test_names_of_contacts_are_found(agency: Agency) -> None:
    await agency.get_to_know(name="Piotr Wiśniewski", number="C-1", identity={"emails": ["secret@client.example"]})
    assert await _found(agency, "wisn pio", section="contacts") == {"C-1"}
    assert await _found(agency, "secret", section="contacts") == set()


async def test_frequent_and_rare_words_are_found_alike(agency: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in range(6):
        await agency.take_on(number=f"N{at}", title="Villa" if at % 2 else "Villino grande")
    agent = agency.give(agency.bruno, list=Scope(everything=View.PUBLIC, own=True))
    answers = [[await _found(agency, words, agent) for words in ("vill", "villino", "gr vil", "n3")]]
    monkeypatch.setattr("services.records.store.record_pages.RARE", 0)
    answers.append([await _found(agency, words, agent) for words in ("vill", "villino", "gr vil", "n3")])
    assert answers[0] == answers[1]
    assert record_words.RARE > 0
