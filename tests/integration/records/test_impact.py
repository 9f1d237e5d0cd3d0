"""What a proposed change of rights does to people's records: told before it is made, as it then is."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis import ids
from services.chassis.database import Database
from services.contracts.access import Scope
from services.contracts.authz_api import SupposedAccess
from services.contracts.vocabulary import OfficeId, Ownership, UserId, View
from services.records.handlers import impact
from tests.integration.records.conftest import Agency, Answer, open_agency
from tests.support.issuer import Issuer
from tests.support.stub_authz import EVERYTHING, StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROPOSAL: dict[str, Any] = {"grants": [{"holder": "group", "holder_id": str(ids.uuid7()), "grants": []}]}
Rights = dict[str, Scope]
Drawn = dict[str, dict[str, Any]]


async def _suppose(
    agency: Agency,
    before: Rights,
    after: Rights,
    who: UserId | None = None,
    *,
    ownership: Ownership = Ownership.ASSIGNEE,
    beside: tuple[UUID, ...] = (),
) -> UserId:
    """Let authz say that a proposal turns somebody's rights into others; return the person, who has the first."""
    person = who or UserId(ids.uuid7())
    then, now = (
        agency.authz.give(agency.tenant_id, person, rights, ownership=ownership, beside=beside)
        for rights in (after, before)
    )
    agency.authz.supposed.setdefault(agency.tenant_id, []).append(SupposedAccess(before=now, after=then))
    return person


async def _ask(agency: Agency, section: str = "listings", who: UUID | None = None, **asked: object) -> Answer:
    return await agency.call(who or agency.ada, "POST", f"/v1/{section}/impact", {"proposal": PROPOSAL, **asked})


async def _numbers(agency: Agency, person: UserId, rights: Rights, section: str, **more: Any) -> set[str]:
    """Return what the plain list shows to a person who has these rights, page by page."""
    snapshot = agency.authz.give(agency.tenant_id, person, rights, **more)
    fresh, found, query = {"Access-Version": str(snapshot.version)}, set[str](), "?limit=7"
    while True:
        page = (await agency.call(person, "GET", f"/v1/{section}{query}", None, fresh)).body
        found |= {item["number"] for item in page["items"]}
        if page["next"] is None:
            return found
        query = f"?limit=7&cursor={page['next']}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(
    http: aiohttp.ClientSession, records_url: str, records_db: Database, authz: StubAuthz, issuer: Issuer
) -> AsyncGenerator[Agency]:
    """An agency with listings and inquiries of both offices and all three people, some private, some with entries."""
    agency = await open_agency(http, records_url, records_db, authz, issuer)
    for at in range(24):
        fields: dict[str, Any] = {
            "office_id": str(agency.harbour if at % 2 else agency.centre),
            "basic": {"assignee_id": str((agency.ada, agency.bruno, agency.carla)[at % 3]), "is_private": at % 5 > 2},
        }
        made = {"listings": await agency.take_on(**fields), "inquiries": await agency.take_in(**fields)}
        if at % 5 == 0:
            effect = "allow" if at % 2 else "deny"
            holder = {"holder_kind": "user", "holder_id": str(agency.bruno), "record_class": "read", "effect": effect}
            for section, record in made.items():
                path = f"/v1/{section}/{record['id']}/record-rights/stamp"
                assert (await agency.call(agency.ada, "POST", path, {"entries": [holder]})).status == 200
    yield agency


_offices = st.frozensets(st.sampled_from(("centre", "harbour")))
_people = st.frozensets(st.sampled_from(("ada", "bruno", "carla")))
scopes = st.fixed_dictionaries(
    {
        "everything": st.sampled_from((None, None, None, View.PUBLIC, View.FULL)),
        "offices": _offices,
        "public_offices": _offices,
        "owners": _people,
        "own": st.booleans(),
    }
)
rights = st.fixed_dictionaries({}, optional={"list": scopes, "private.read": scopes})


def _beside(kept: Drawn, one: Drawn, other: Drawn) -> tuple[Drawn, Drawn]:
    return {**kept, **one}, {**kept, **other}


listing, opening = (st.fixed_dictionaries({name: scopes}) for name in ("list", "private.read"))
changes: st.SearchStrategy[tuple[Drawn, Drawn]] = st.one_of(
    st.builds(_beside, st.just({}), rights, rights),
    st.builds(_beside, listing, opening, opening),
    st.builds(_beside, opening, listing, listing),
)
"""Both at once, or only which private records are opened, or only which are listed."""


def _of(agency: Agency, section: str, drawn: dict[str, dict[str, Any]]) -> Rights:
    return {
        f"{section}.{name}": Scope(
            scope["everything"],
            frozenset(OfficeId(getattr(agency, office)) for office in scope["offices"]),
            frozenset(OfficeId(getattr(agency, office)) for office in scope["public_offices"]),
            frozenset(UserId(getattr(agency, person)) for person in scope["owners"]),
            scope["own"],
        )
        for name, scope in drawn.items()
    }


@settings(max_examples=200, deadline=None)
@given(
    section=st.sampled_from(("listings", "inquiries")),
    change=changes,
    ownership=st.sampled_from(Ownership),
    walked=st.sampled_from((3, 500)),
)
async def test_what_is_told_is_what_the_lists_then_differ_by(
    filled: Agency, section: str, change: tuple[Any, Any], ownership: Ownership, walked: int
) -> None:
    agency, (old, new) = filled, [_of(filled, section, each) for each in change]
    agency.authz.supposed.clear()
    who = await _suppose(agency, old, new, agency.bruno, ownership=ownership, beside=(agency.centre,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(impact, "WALKED", walked)
        (told,) = (await _ask(agency, section, samples=10)).body["items"]
    more: dict[str, Any] = {"ownership": ownership, "beside": (agency.centre,)}
    had, has = [await _numbers(agency, who, each, section, **more) for each in (old, new)]
    for shift, expected in (("gained", has - had), ("lost", had - has)):
        assert (told[shift]["count"], told[shift]["capped"]) == (len(expected), False)
        shown = {sample["number"] for sample in told[shift]["samples"]}
        assert shown <= expected
        assert len(shown) == min(len(expected), 10)


async def test_counts_are_capped_and_walks_end(filled: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.authz.supposed.clear()
    await _suppose(filled, {}, {"listings.list": EVERYTHING, "listings.private.read": EVERYTHING})
    for name, value, told in (("COUNTED", 5, (5, True)), ("WALKED", 4, (20, True))):
        with monkeypatch.context() as patch:
            patch.setattr(impact, name, value)
            patch.setattr(impact, "STEPS", 5)
            (person,) = (await _ask(filled)).body["items"]
        assert (person["gained"]["count"], person["gained"]["capped"]) == told
        assert person["lost"] == {"count": 0, "capped": False, "samples": []}


async def test_samples_are_what_the_caller_himself_may_open(agency: Agency) -> None:
    made = [await agency.take_on(office_id=str(each)) for each in (agency.centre, agency.harbour) * 3]
    only = frozenset({agency.harbour})
    head = agency.give(agency.carla, "admin.permissions.manage", read=Scope(offices=only))
    await _suppose(agency, {}, {"listings.list": EVERYTHING})
    await agency.call(agency.ada, "DELETE", f"/v1/listings/{made[5]['id']}", None, {"If-Match": '"1"'})
    (person,) = (await _ask(agency, who=head, samples=10)).body["items"]
    assert person["gained"]["count"] == 5
    assert [sample["id"] for sample in person["gained"]["samples"]] == [made[3]["id"], made[1]["id"]]
    blind = agency.give(agency.bruno, "admin.permissions.manage")
    (person,) = (await _ask(agency, who=blind, samples=10)).body["items"]
    assert person["gained"] == {"count": 5, "capped": False, "samples": []}
    (person,) = (await _ask(agency, who=head, samples=0)).body["items"]
    assert person["gained"] == {"count": 5, "capped": False, "samples": []}


async def test_what_can_be_opened_is_told_apart_from_what_is_listed(agency: Agency) -> None:
    await agency.take_on()
    await _suppose(agency, {"listings.list": EVERYTHING}, {"listings.list": EVERYTHING, "listings.read": EVERYTHING})
    for action, count in (("list", 0), ("read", 1)):
        (person,) = (await _ask(agency, action=action)).body["items"]
        assert (person["gained"]["count"], person["lost"]["count"]) == (count, 0)
        asked: Any = agency.authz.proposals[-1]
        keys = [f"listings.{action}", "listings.private.read"]
        assert asked == {"proposal": PROPOSAL, "keys": keys, "limit": 20}


async def test_a_wider_view_is_told_and_so_is_a_narrower(agency: Agency) -> None:
    made = [await agency.take_on() for _ in range(2)]
    public = {f"listings.{action}": Scope(everything=View.PUBLIC) for action in ("list", "read")}
    full = dict.fromkeys(public, EVERYTHING)
    await _suppose(agency, public, full)
    await _suppose(agency, full, public)
    for action in ("list", "read"):
        wider, narrower = (await _ask(agency, action=action)).body["items"]
        for person, told in ((wider, "widened"), (narrower, "narrowed")):
            counts = {each: person[each]["count"] for each in ("gained", "lost", "widened", "narrowed")}
            assert counts == {**dict.fromkeys(counts, 0), told: 2}
            assert {sample["id"] for sample in person[told]["samples"]} == {one["id"] for one in made}


@pytest.mark.parametrize("action", ["identity.read", "print", "update", "archive.now"])
async def test_any_permission_of_the_section_can_be_asked_about(agency: Agency, action: str) -> None:
    made = [await agency.take_on(office_id=str(each)) for each in (agency.centre, agency.harbour)]
    entry = {"holder_kind": "user", "holder_id": "", "record_class": "write", "effect": "allow"}
    here = Scope(offices=frozenset({agency.centre}))
    reading = {"listings.list": EVERYTHING, "listings.read": EVERYTHING}
    person = await _suppose(agency, reading, {**reading, f"listings.{action}": here}, agency.bruno)
    (told,) = (await _ask(agency, action=action)).body["items"]
    assert (told["gained"]["count"], told["gained"]["samples"][0]["id"]) == (1, made[0]["id"])
    asked: Any = agency.authz.proposals[-1]
    assert asked["keys"] == [f"listings.{action}", "listings.read", "listings.private.read"]
    path = f"/v1/listings/{made[1]['id']}/record-rights/stamp"
    answer = await agency.call(agency.ada, "POST", path, {"entries": [{**entry, "holder_id": str(person)}]})
    assert answer.status == 200
    opened = {"archive.now": 2}.get(action, 1)  # an entry opens it there too, once it is held at all
    (told,) = (await _ask(agency, action=action)).body["items"]
    assert told["gained"]["count"] == opened


async def test_contacts_are_counted_too_and_only_as_many_people_as_asked_for(agency: Agency) -> None:
    await agency.get_to_know()
    people = [await _suppose(agency, {"contacts.list": EVERYTHING}, {}) for _ in range(3)]
    answer = (await _ask(agency, "contacts", limit=2)).body
    assert (answer["concerned"], answer["complete"]) == (3, True)
    assert [(item["user_id"], item["lost"]["count"]) for item in answer["items"]] == [
        (str(person), 1) for person in people[:2]
    ]


async def test_asking_changes_nothing_and_takes_whoever_manages_permissions(agency: Agency) -> None:
    await agency.take_on()
    await _suppose(agency, {}, {"listings.list": EVERYTHING})
    agent = agency.give(agency.bruno, "admin.agents.manage", read=EVERYTHING, list=EVERYTHING)
    before = await agency.stored()
    refused = await _ask(agency, who=agent)
    assert (refused.status, refused.body["code"]) == (403, "permission_missing")
    assert (await _ask(agency)).status == 200
    senseless: tuple[dict[str, Any], ...] = (
        *({"proposal": None}, {"proposal": []}, {"limit": 51}, {"samples": 11}),
        *({"action": "Print!"}, {"x": 1}),
    )
    for asked in senseless:
        assert (await _ask(agency, **asked)).status == 422, asked
    assert await agency.stored() == before


async def test_what_authz_says_of_a_proposal_is_handed_on(agency: Agency) -> None:
    wrong = [{"pointer": "/proposal/grants/0/grants/0/key", "code": "unknown_permission", "detail": "There is none."}]
    refusals: tuple[tuple[int, object, tuple[int, str, set[str]]], ...] = (
        (422, {"detail": "No.", "errors": wrong}, (422, "invalid", {"/proposal/grants/0/grants/0/key"})),
        (404, {"code": "not_found"}, (422, "unknown_in_proposal", {"/proposal"})),
    )
    try:
        for status, body, expected in refusals:
            agency.authz.refusal = status, body
            assert (await _ask(agency)).refusal == expected
        agency.authz.refusal = 413, {}
        assert (await _ask(agency)).status == 503
    finally:
        agency.authz.refusal = None
