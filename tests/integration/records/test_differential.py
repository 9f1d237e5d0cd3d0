"""Two agencies that differ only in identity data answer alike to whoever may not read it: no answer is an oracle."""

import base64
import io
import json
import re
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import aiohttp
import openpyxl
import pypdf
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from services.authz.adapters.catalogue_file import permission_catalogue
from services.chassis import ids
from services.chassis.database import Database
from services.contracts.access import Scope
from services.contracts.authz_api import SupposedAccess
from services.contracts.vocabulary import View
from services.records.app import SERVICE
from tests.integration.records.conftest import KEYS, Agency, open_agency
from tests.integration.records.questions import (
    ASKED,
    BY_DATE,
    NOT_ABOUT_RECORDS,
    RECORDS,
    SECTIONS,
    SPENT,
    WHEN,
    Ask,
    Key,
)
from tests.support.issuer import Issuer
from tests.support.stub_authz import EVERYTHING, StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNTOLD = ("identity", "private_note", "personal_data")
REFUSED = {
    ("POST", "/v1/listings/{listing_id}/identity/fill"),
    *(
        ("POST", f"/v1/{section}/{{{SECTIONS[section]}_id}}/{action}-schedule/retry")
        for section in ("listings", "inquiries")
        for action in ("archive", "restore")
    ),
}
"""Filling tells whether a field is filled, which is a right to identity data; nothing here has failed by date."""
_IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_INSTANT = re.compile(r"20\d\d-\d\d-\d\d([T ]\d\d:\d\d[0-9:.]*)?(Z| UTC)?")
_TOKEN = re.compile(r'"(?:next|next_token)": "([^"]+)"')
_NAMED = re.compile(r"@\w+")


@dataclass(frozen=True, slots=True)
class Twin:
    """An agency, and the ids of what it has, by what it is."""

    agency: Agency
    has: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks of a route about the record of a number."""

    who: str
    key: Key
    ask: Ask
    number: int


async def _fill(agency: Agency, name: str, *, filled: bool) -> dict[str, list[str]]:
    """Take on records whose identity data and private notes hold a name, or, for some, nothing; return their ids."""
    made: dict[str, list[str]] = {section: [] for section in SECTIONS}
    note: dict[str, Any] = {"private_note": {"text": f"{name} rings twice."}} if filled else {}
    for at in range(RECORDS):
        place: dict[str, Any] = {"office_id": str(agency.centre if at % 2 else agency.harbour)}
        mine: dict[str, Any] = {"assignee_id": str(agency.bruno)} if at == 2 else {}
        basic = {**mine, "is_private": at in {4, 5}}
        told = filled or at != 0
        owner = {"owner_name": name, "street_name": f"Via {name}", "owner_phone": "+39 0583 1"} if told else {}
        client = {"client_name": name, "client_email": f"{name}@client.example"} if told else {}
        person = {"city": name, "emails": [f"{name}@x.example"]} if told else {}
        offer = {"title": f"Villa {at}", "standard_status": "active"}
        records = {
            "listings": await agency.take_on(**place, **offer, basic=basic, identity=owner, **note),
            "inquiries": await agency.take_in(**place, basic=basic, identity=client, **note),
            "contacts": await agency.get_to_know(name="Giulia", **place, basic=mine, identity=person),
        }
        for section, field in (("listings", "owner_name"), ("inquiries", "client_name"), ("contacts", "street")):
            changed = {"identity": {field: f"{name} {at}"}}
            answer = await agency.do(agency.ada, section, records[section], "PATCH ", changed)
            assert answer.status == 200, answer.body
            made[section].append(answer.body["id"])
            if section != "contacts":
                due = f"/v1/{section}/{answer.body['id']}/archive-schedule"
                assert (await agency.call(agency.ada, "PUT", due, BY_DATE)).status == 204
    return made | await _fill_further(agency, name, made)


async def _fill_further(agency: Agency, name: str, made: dict[str, list[str]]) -> dict[str, list[str]]:
    """Add to each record what belongs to it: documents, criteria, and viewings at an address that is identity data."""
    further: dict[str, list[str]] = {"criteria": [], "appointments": [], "listings/d": [], "inquiries/d": []}
    for at in range(RECORDS):
        viewing = {"kind": "viewing", "title": "Viewing", "when": WHEN, "place": f"Via {name} {at}"}
        viewing["listing_id"] = made["listings"][at]
        for kind, path, body in (
            ("criteria", f"contacts/{made['contacts'][at]}/criteria", {"name": "A", "transaction_type": "sale"}),
            ("appointments", "appointments", viewing),
            ("listings/d", f"listings/{made['listings'][at]}/documents", {"kind": "plan", "name": "Plan.pdf"}),
            ("inquiries/d", f"inquiries/{made['inquiries'][at]}/documents", {"kind": "plan", "name": "Plan.pdf"}),
        ):
            answer = await agency.call(agency.ada, "POST", f"/v1/{path}", body)
            assert answer.status == 201, answer.body
            further[kind].append(answer.body["id"])
            if kind.endswith("/d"):
                sent = {"Content-Type": "application/pdf", "If-Match": '"1"'}
                sent |= agency.issuer.bearer(agency.tenant_id, agency.ada)
                url = f"{agency.url}/v1/{path}/{answer.body['id']}/content"
                async with agency.http.put(url, data=b"%PDF-1.7", headers=sent) as response:
                    assert response.status == 200, await response.text()
    return further


async def _open(
    http: aiohttp.ClientSession, url: str, db: Database, authz: StubAuthz, issuer: Issuer
) -> tuple[Twin, Twin]:
    """Return agencies alike but for identity data; Bruno may do all else in both, Carla sees the public side."""
    found = list[Twin]()
    keys = [key for key in permission_catalogue() if not any(word in key for word in UNTOLD)]
    for name, filled in (("Neri", True), ("Wisniewska", False)):
        agency = await open_agency(http, url, db, authz, issuer)
        further = ("listings.documents.read", "inquiries.documents.read", "documents.create", "calendar.create")
        authz.give(agency.tenant_id, agency.ada, dict.fromkeys((*KEYS, *further), EVERYTHING))
        authz.give(agency.tenant_id, agency.bruno, dict.fromkeys(keys, EVERYTHING))
        before = authz.give(agency.tenant_id, agency.carla, dict.fromkeys(keys, Scope(everything=View.PUBLIC)))
        after = authz.give(agency.tenant_id, agency.carla, dict.fromkeys(keys, Scope(everything=View.PUBLIC, own=True)))
        authz.supposed[agency.tenant_id] = [SupposedAccess(before=before, after=after)]
        found.append(Twin(agency, await _fill(agency, name, filled=filled)))
    return found[0], found[1]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def twins(
    http: aiohttp.ClientSession, records_url: str, records_db: Database, authz: StubAuthz, issuer: Issuer
) -> tuple[Twin, Twin]:
    """Two agencies that any question may change."""
    return await _open(http, records_url, records_db, authz, issuer)


@pytest_asyncio.fixture(loop_scope="session")
async def untouched(
    http: aiohttp.ClientSession, records_url: str, records_db: Database, authz: StubAuthz, issuer: Issuer
) -> tuple[Twin, Twin]:
    """Two agencies of whom nothing was asked yet."""
    return await _open(http, records_url, records_db, authz, issuer)


def _names(twin: Twin, number: int) -> dict[str, str]:
    """Return what names in a question stand for."""
    agency = twin.agency
    people = {name: str(getattr(agency, name)) for name in ("ada", "bruno", "carla", "centre", "harbour")}
    return {**people, "unknown": str(ids.uuid7()), **{kind: have[number] for kind, have in twin.has.items()}}


def _path(key: Key, names: dict[str, str]) -> str:
    """Return the path of a route with the ids in it."""
    of = {f"{noun}_id": names[section] for section, noun in SECTIONS.items()}
    section = key[1].split("/")[2]
    of |= {"criteria_id": names["criteria"], "appointment_id": names["appointments"], "user_id": names["bruno"]}
    return key[1].format(**of, document_id=names.get(f"{section}/d", ""))


def _alike(text: str) -> str:
    """Name identifiers by the order in which they first occur, those in tokens too, and forget instants."""
    names = dict[str, str]()
    text = _TOKEN.sub(lambda match: f'"next": {_opened(match[1])}', text)
    text = _IDENTIFIER.sub(lambda match: names.setdefault(match[0], f"#{len(names)}"), text)
    return _INSTANT.sub("then", text)


def _opened(token: str) -> str:
    """Return what a token says about where the next page begins; an instant of its own is left out."""
    token = token.rpartition(".")[2]  # that of a search begins with a digest of what is searched
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return raw.decode() if raw.startswith(b"[") else str(UUID(bytes=raw[8:]))


def _tells_of_what_is_hidden(text: str) -> bool:
    """Say whether the token of a page names what the page does not show."""
    shown = set(_IDENTIFIER.findall(_TOKEN.sub("", text)))
    return any(not shown.issuperset(_IDENTIFIER.findall(_opened(token))) for token in _TOKEN.findall(text))


def _read(content_type: str, body: bytes) -> str:
    """Return what an answer says, whatever it is written in."""
    if content_type == "application/pdf" and body != b"%PDF-1.7":
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)
    if content_type.endswith("sheet"):
        sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
        return "\n".join(str(row) for row in sheet.iter_rows(values_only=True))
    return json.dumps(json.loads(body)) if content_type.endswith("json") else body.decode()


async def _answer(twin: Twin, question: Question) -> tuple[int, str]:
    agency, names = twin.agency, _names(twin, question.number)
    (method, _), ask = question.key, question.ask

    def named(text: str) -> str:
        return _NAMED.sub(lambda match: names[match[0][1:]], text)

    # A change from a version that is long gone: whatever is refused is refused before, and nothing is changed.
    headers = {"If-Match": '"0"'} if method != "GET" else {}
    headers |= agency.issuer.bearer(agency.tenant_id, getattr(agency, question.who))
    data = ask.file
    if ask.body is not None:
        headers["Content-Type"], data = "application/json", named(json.dumps(ask.body)).encode()
    elif ask.file is not None:
        headers["Content-Type"] = "application/pdf"
    url = f"{agency.url}{_path(question.key, names)}?{named(ask.query)}"
    async with agency.http.request(method, url, data=data, headers=headers) as response:
        body = await response.read()
        assert response.status < 500, question
        text = _read(response.content_type, body) if body else ""
        assert not _tells_of_what_is_hidden(text), (question, text)
        told = _alike(text)
        kept = [response.headers.get(name) for name in ("ETag", "Content-Type", "Content-Disposition")]
        return response.status, _alike(json.dumps([response.status, kept])) + told


async def test_no_page_says_where_it_ends_by_what_it_does_not_show(untouched: tuple[Twin, Twin]) -> None:
    for key, asks in ASKED.items():
        for ask, who in product(asks, ("bruno", "carla")):
            if key[0] == "GET" or key[1].endswith("search/resource"):
                first, second = [await _answer(twin, Question(who, key, ask, 1)) for twin in untouched]
                assert first == second


def _asked() -> list[tuple[Key, Ask]]:
    return [(key, ask) for key, asks in ASKED.items() for ask in asks]


async def test_every_route_that_answers_about_records_is_asked(untouched: tuple[Twin, Twin]) -> None:
    assert ASKED.keys() | NOT_ABOUT_RECORDS == {(route.method, route.path) for route in SERVICE.routes}
    assert not ASKED.keys() & NOT_ABOUT_RECORDS
    useless = list[Key]()
    for key, asks in ASKED.items():
        found = set[int]()
        for ask in asks:
            question = Question("bruno", key, ask, SPENT[0] if ask.spends else 1)
            first, second = [await _answer(twin, question) for twin in untouched]
            assert first == second, question
            found.add(first[0])
        if not any(status < 300 or status in {409, 412} for status in found):
            useless.append(key)
    assert set(useless) == REFUSED


def _question(who: str, asked: tuple[Key, Ask], number: int) -> Question:
    key, ask = asked
    return Question(who, key, ask, SPENT[number % len(SPENT)] if ask.spends else number)


questions: st.SearchStrategy[Question] = st.builds(
    _question, st.sampled_from(("bruno", "carla")), st.sampled_from(_asked()), st.integers(0, SPENT[0] - 1)
)


@pytest.mark.catalogue("IMO-B12", "IMO-18", "IMO-22", "IMO-41", "ON-38")
@settings(max_examples=300, deadline=None)
@given(question=questions)
async def test_no_answer_tells_anything_about_identity_data_to_whoever_may_not_read_it(
    twins: tuple[Twin, Twin], question: Question
) -> None:
    first, second = [await _answer(twin, question) for twin in twins]
    assert first == second


async def test_the_twins_do_differ_for_whoever_may_read_it(untouched: tuple[Twin, Twin]) -> None:
    answers = set[tuple[str, str]]()
    for twin in untouched:
        agency, names = twin.agency, _names(twin, 1)
        shown = await agency.call(agency.ada, "GET", f"/v1/listings/{names['listings']}")
        viewing = await agency.call(agency.ada, "GET", f"/v1/appointments/{names['appointments']}")
        answers.add((shown.body["identity"]["street_name"], viewing.body["details"]["place"]))
    assert answers == {("Via Neri", "Via Neri 1"), ("Via Wisniewska", "Via Wisniewska 1")}
