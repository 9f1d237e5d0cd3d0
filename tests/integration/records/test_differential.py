"""Two agencies that differ only in identity data answer alike to whoever may not read it: no answer is an oracle."""

import json
import re
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.database import Database
from services.contracts.access import Scope
from services.contracts.vocabulary import View
from tests.integration.records.conftest import Agency, open_agency
from tests.support.issuer import Issuer
from tests.support.stub_authz import EVERYTHING, StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECTIONS = ("listings", "inquiries", "contacts")
_IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT[0-9:.]+Z")
_CURSOR = re.compile(r'"next": "[^"]+"')

Twin = tuple[Agency, dict[str, list[str]]]
"""An agency, and the ids of its records by section."""
Question = tuple[str, str, object, str, int]
"""Method, path, body, and which record of which section the path names."""


async def _fill(agency: Agency, name: str, *, filled: bool) -> dict[str, list[str]]:
    """Take on records whose identity data and private notes hold a name, or, for some, nothing; return their ids."""
    made: dict[str, list[str]] = {section: [] for section in SECTIONS}
    note: dict[str, Any] = {"private_note": {"text": f"{name} rings twice."}} if filled else {}
    for at in range(6):
        place: dict[str, Any] = {"office_id": str(agency.centre if at % 2 else agency.harbour)}
        mine: dict[str, Any] = {"assignee_id": str(agency.bruno)} if at == 2 else {}
        basic = {**mine, "is_private": at > 3}
        told = filled or at != 0
        owner = {"owner_name": name, "street_name": f"Via {name}", "owner_phone": "+39 0583 1"} if told else {}
        client = {"client_name": name, "client_email": f"{name}@client.example"} if told else {}
        person = {"city": name, "emails": [f"{name}@x.example"]} if told else {}
        records = {
            "listings": await agency.take_on(**place, title=f"Villa {at}", basic=basic, identity=owner, **note),
            "inquiries": await agency.take_in(**place, rooms_min=at, basic=basic, identity=client, **note),
            "contacts": await agency.get_to_know(name="Giulia", **place, basic=mine, identity=person),
        }
        for section, field in (("listings", "owner_name"), ("inquiries", "client_name"), ("contacts", "street")):
            changed = {"identity": {field: f"{name} {at}"}}
            answer = await agency.do(agency.ada, section, records[section], "PATCH ", changed)
            assert answer.status == 200, answer.body
            made[section].append(answer.body["id"])
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def twins(
    http: aiohttp.ClientSession, records_url: str, records_db: Database, authz: StubAuthz, issuer: Issuer
) -> AsyncGenerator[tuple[Twin, Twin]]:
    """Two agencies alike but for identity data; Bruno sees all of the rest in both, Carla the public side."""
    found = list[Twin]()
    for name, filled in (("Neri", True), ("Wisniewska", False)):
        agency = await open_agency(http, records_url, records_db, authz, issuer)
        for who, scope in ((agency.bruno, EVERYTHING), (agency.carla, Scope(everything=View.PUBLIC))):
            keys = ("list", "read", "update", "delete", "private.read", "archive.now", "bulk.reassign")
            held = {f"{section}.{key}": scope for section in SECTIONS for key in keys}
            held |= dict.fromkeys(("criteria.read", "record_rights.read"), scope)
            authz.give(agency.tenant_id, who, held)
        found.append((agency, await _fill(agency, name, filled=filled)))
    yield (found[0], found[1])


def _alike(text: str) -> str:
    """Name identifiers by the order in which they first occur, and forget instants."""
    names = dict[str, str]()
    text = _IDENTIFIER.sub(lambda match: names.setdefault(match[0], f"#{len(names)}"), text)
    return _CURSOR.sub('"next": "more"', _INSTANT.sub("then", text))


async def _answer(twin: Twin, who: str, question: Question) -> tuple[int, str]:
    agency, records = twin
    method, path, body, section, at = question
    names: dict[str, Any] = {"bruno": agency.bruno, "carla": agency.carla, "centre": agency.centre}
    path = path.format(record=records[section][at], **names)
    # A change from a version that is long gone: whatever is refused is refused before, and nothing is changed.
    answer = await agency.call(names[who], method, path, body, {"If-Match": '"0"'} if method != "GET" else {})
    headers = {name: answer.headers.get(name) for name in ("ETag", "Content-Type")}
    length = None if answer.body and answer.body.get("next") else answer.headers.get("Content-Length")
    return answer.status, _alike(json.dumps([answer.status, headers, length, answer.body]))


ASKED = (
    *("", "q=neri", "q=wisniewska", "q=villa", "q=via", "q=giulia", "q=rings", "q=0583"),
    *("assignee_id={bruno}", "office_id={centre}", "owner_name=Neri", "street=Neri"),
)
OF_ONE = ("", "/history", "/history?limit=1", "/schedules", "/access?user={carla}", "/record-rights", "/criteria")
BODIES: tuple[dict[str, Any], ...] = (
    {"identity": {"owner_name": "Neri 0"}},
    {"identity": {"client_name": "Neri 0"}},
    {"identity": {"city": "Neri"}, "language": "it"},
    {"private_note": {"text": "Neri rings twice."}},
    {"rooms_min": 1},
)


def _list(section: str, asked: str, sort: str, limit: int) -> Question:
    return "GET", f"/v1/{section}?{asked}&sort={sort}&limit={limit}", None, section, 0


def _count(section: str, asked: str) -> Question:
    return "GET", f"/v1/{section}/count?{asked}", None, section, 0


def _read(section: str, at: int, rest: str) -> Question:
    return "GET", f"/v1/{section}/{{record}}{rest}", None, section, at


def _change(section: str, at: int, body: dict[str, Any]) -> Question:
    return "PATCH", f"/v1/{section}/{{record}}", body, section, at


def _filling(at: int) -> Question:
    return "POST", "/v1/listings/{record}/identity/fill", {"owner_name": "Neri"}, "listings", at


sections, numbers, asked = st.sampled_from(SECTIONS), st.integers(0, 5), st.sampled_from(ASKED)
sorts = st.sampled_from(("-updated_at", "number", "-created_at", "owner_name"))
questions: st.SearchStrategy[Question] = st.one_of(
    st.builds(_list, sections, asked, sorts, st.integers(1, 7)),
    st.builds(_count, sections, asked),
    st.builds(_read, sections, numbers, st.sampled_from(OF_ONE)),
    st.builds(_change, sections, numbers, st.sampled_from(BODIES)),
    st.builds(_filling, numbers),
)


@pytest.mark.catalogue("IMO-B12", "IMO-18", "IMO-22", "IMO-41", "ON-38")
@settings(max_examples=300, deadline=None)
@given(who=st.sampled_from(("bruno", "carla")), question=questions)
async def test_no_answer_tells_anything_about_identity_data_to_whoever_may_not_read_it(
    twins: tuple[Twin, Twin], who: str, question: Question
) -> None:
    first, second = [await _answer(twin, who, question) for twin in twins]
    assert first == second


async def test_the_questions_are_answered_in_every_way(twins: tuple[Twin, Twin]) -> None:
    asked: tuple[tuple[Question, int], ...] = (
        (("GET", "/v1/listings?q=villa&sort=number&limit=3", None, "listings", 0), 200),
        (("PATCH", "/v1/listings/{record}", BODIES[0], "listings", 0), 403),
        (("GET", "/v1/listings/{record}/criteria", None, "listings", 0), 404),
        (("PATCH", "/v1/inquiries/{record}", BODIES[4], "inquiries", 0), 412),
        (("GET", "/v1/listings?owner_name=Neri", None, "listings", 0), 422),
    )
    assert [(await _answer(twins[0], "bruno", question))[0] for question, _ in asked] == [status for _, status in asked]


async def test_the_twins_do_differ_for_whoever_may_read_it(twins: tuple[Twin, Twin]) -> None:
    answers = set[str]()
    for agency, records in twins:
        shown = await agency.call(agency.ada, "GET", f"/v1/listings/{records['listings'][1]}")
        answers.add(shown.body["identity"]["street_name"])
    assert answers == {"Via Neri", "Via Wisniewska"}
