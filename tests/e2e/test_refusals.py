"""Through the gateway, bad input gets a precise problem, changes nothing and says nothing of others."""

from typing import Any
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from tests.support.gateway import Agency, Answer, Mails, Person, found_agency

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTING: dict[str, Any] = {
    "standard_status": "active",
    "transaction_type": "sale",
    "property_type": "residential",
    "title": "Attico",
}


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """Return the problem that an answer must be."""
    body: dict[str, Any] = answer.body
    assert (answer.status, body["code"]) == (status, code)
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert {"type", "title", "status", "detail", "code", "request_id", "errors"} <= body.keys()
    return body


async def state(agency: Agency) -> list[Any]:
    """Return everything of the agency that a bad request could have changed."""
    admin = agency.administrator
    paths = ("/identity/v1/users", "/identity/v1/offices", "/authz/v1/groups", "/records/v1/listings")
    return [(await admin.call("GET", path)).expect(200) for path in paths]


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_wrong_token_opens_nothing(agency: Agency, token: str) -> None:
    before = await state(agency)
    stranger = Person(agency.administrator.http, agency.administrator.url, token)
    for path in ("/identity/v1/users", "/authz/v1/groups", "/records/v1/listings", "/notifications/v1/deliveries"):
        problem(await stranger.call("GET", path), 401, "invalid_token")
    body = {**LISTING, "office_id": agency.office_id}
    problem(await stranger.call("POST", "/records/v1/listings", body), 401, "invalid_token")
    stranger.token = None
    problem(await stranger.call("GET", "/records/v1/listings"), 401, "unauthenticated")
    assert await state(agency) == before


async def test_another_agency_cannot_be_seen_or_touched(agency: Agency, stack: Stack, mails: Mails) -> None:
    http, url = agency.administrator.http, agency.administrator.url
    other = await found_agency(http, url, mails, stack.operator_token)
    theirs = other.administrator
    me = (await theirs.call("GET", "/identity/v1/me")).expect(200)
    group = (await theirs.call("GET", "/authz/v1/groups")).expect(200)["items"][0]
    before = await state(other)
    admin = agency.administrator
    for answer in (
        await admin.call("GET", f"/identity/v1/users/{me['id']}"),
        await admin.call("PATCH", f"/identity/v1/users/{me['id']}", {"given_name": "X"}, If_Match='"1"'),
        await admin.call("GET", f"/authz/v1/groups/{group['id']}"),
        await admin.call("DELETE", f"/authz/v1/groups/{group['id']}", If_Match='"1"'),
        await admin.call("GET", f"/authz/v1/users/{me['id']}/access"),
        await admin.call("GET", f"/records/v1/listings/{uuid4()}"),
    ):
        assert answer.status == 404
        assert other.licence_code not in str(answer.body)
    refused = await admin.call("POST", "/records/v1/listings", {**LISTING, "office_id": other.office_id})
    assert problem(refused, 422, "unknown_office")["errors"][0]["pointer"] == "/office_id"
    assert await state(other) == before


async def test_a_malformed_body_changes_nothing(agency: Agency) -> None:
    before = await state(agency)
    admin = agency.administrator
    for path in ("/identity/v1/users", "/authz/v1/groups", "/records/v1/listings"):
        problem(await admin.call("POST", path, data=b"{", Content_Type="application/json"), 400, "malformed")
        problem(await admin.call("POST", path, data=b"a=1", Content_Type="text/plain"), 415, "unsupported_media_type")
        assert problem(await admin.call("POST", path, {"surprise": 1}), 422, "invalid")["errors"]
    assert await state(agency) == before


async def test_an_unknown_route_is_a_problem_wherever_it_is_noticed(agency: Agency) -> None:
    admin = agency.administrator
    for path in (
        "/nothing",
        "/records/v1/nothing",
        "/records/internal/v1/tenants",
        "/authz/internal/v1/tenants",
        "/identity/v1/../internal/v1/tenants",
        "/identity/ready",
        "/identity/metrics",
        "/identity/live",
    ):
        problem(await admin.call("GET", path), 404, "not_found")
    problem(await admin.call("DELETE", "/records/v1/listings"), 405, "method_not_allowed")


async def test_an_oversized_body_is_refused(agency: Agency) -> None:
    before = await state(agency)
    admin = agency.administrator
    body = b'{"title": "' + b"x" * 1_200_000 + b'"}'
    problem(
        await admin.call("POST", "/records/v1/listings", data=body, Content_Type="application/json"), 413, "too_large"
    )
    assert await state(agency) == before


async def test_nobody_takes_on_agencies_without_the_operators_secret(agency: Agency) -> None:
    admin = agency.administrator
    problem(await admin.call("POST", "/identity/v1/licences", {}), 401, "unauthenticated")
    problem(await admin.call("POST", "/identity/v1/licences", {}, Authorization="Bearer x"), 401, "unauthenticated")


async def test_a_client_cannot_choose_the_address_it_is_seen_from(agency: Agency, stack: Stack) -> None:
    answer = await agency.administrator.call(
        "GET",
        "/identity/v1/me",
        X_Real_IP="nonsense",
        X_Forwarded_For="203.0.113.9",
        Forwarded="for=203.0.113.9",
    )
    answer.expect(200)
    assert "203.0.113.9" not in (stack.folder / "logs" / "identity.log").read_text("utf-8")
