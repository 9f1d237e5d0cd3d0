"""How many statements a request costs, counted on the wire between the service and PostgreSQL."""

from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from services.chassis import ids
from services.chassis.database import Database
from services.contracts.authz_api import SupposedAccess
from services.contracts.vocabulary import UserId
from services.records.app import SERVICE
from tests.integration.records.conftest import FLAT, SEARCH, Agency, open_agency, records_settings
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import serving
from tests.support.stub_authz import EVERYTHING, StubAuthz
from tests.support.wire import counted

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("request_", "most"),
    [
        ("list", 1),
        ("list inquiries", 1),
        ("search", 2),  # and which word is rarest
        ("list of somebody without rights", 0),
        ("open", 1),
        ("create", 9),  # BEGIN, office, required fields, number, listing, words, history, event, COMMIT
        ("create once", 10),  # and the key
        ("create an inquiry", 9),
        ("change", 8),  # BEGIN, lock, listing, listing, words, history, event, COMMIT
        ("change without words", 7),
        ("impact", 5),  # BEGIN, what is gained, two samples, COMMIT; nothing can be lost, so nothing is asked
        ("change refused", 4),  # BEGIN, lock, listing, ROLLBACK
    ],
)
async def test_a_request_costs_so_many_statements_and_no_more(
    request_: str,
    most: int,
    http: aiohttp.ClientSession,
    records_database: ServiceDatabase,
    records_db: Database,
    authz: StubAuthz,
    issuer: Issuer,
) -> None:
    async with counted(records_database.app) as (wire, url):
        settings = records_settings(replace(records_database, app=url), authz, issuer, database_connections=1)
        async with serving(SERVICE, settings) as base:
            agency = await open_agency(http, base, records_db, authz, issuer)
            agency.give(agency.bruno, list=EVERYTHING, read=EVERYTHING)
            listing = await agency.take_on()
            await agency.take_on()
            nothing = authz.give(agency.tenant_id, agency.carla, {})
            lists = authz.give(agency.tenant_id, agency.carla, {"listings.list": EVERYTHING})
            authz.supposed[agency.tenant_id] = [SupposedAccess(before=nothing, after=lists)]
            for known in ("list", "search"):  # the driver learns the types of a connection once
                await _ask(agency, known, listing)
            before = wire.statements
            assert (await _ask(agency, request_, listing)) < 404
            assert wire.statements - before == most


async def _ask(agency: Agency, request: str, listing: dict[str, Any]) -> int:
    here = {"office_id": str(agency.centre)}
    requests: dict[str, tuple[UserId, str, str, object, dict[str, str]]] = {
        "list": (agency.ada, "GET", "/v1/listings?limit=200", None, {}),
        "search": (agency.ada, "GET", "/v1/listings?q=villa", None, {}),
        "list inquiries": (agency.ada, "GET", "/v1/inquiries", None, {}),
        "list of somebody without rights": (UserId(ids.uuid7()), "GET", "/v1/listings", None, {}),
        "impact": (agency.ada, "POST", "/v1/listings/impact", {"proposal": {}}, {}),
        "open": (agency.ada, "GET", f"/v1/listings/{listing['id']}", None, {}),
        "create": (agency.ada, "POST", "/v1/listings", {**FLAT, **here}, {}),
        "create once": (agency.ada, "POST", "/v1/listings", {**FLAT, **here}, {"Idempotency-Key": "k"}),
        "create an inquiry": (agency.ada, "POST", "/v1/inquiries", {**SEARCH, **here}, {}),
        "change": (agency.ada, "PATCH", f"/v1/listings/{listing['id']}", {"title": "New"}, {"If-Match": '"1"'}),
        "change without words": (
            agency.ada,
            "PATCH",
            f"/v1/listings/{listing['id']}",
            {"rooms": 3},
            {"If-Match": '"1"'},
        ),
        "change refused": (agency.bruno, "PATCH", f"/v1/listings/{listing['id']}", {"title": "x"}, {"If-Match": '"1"'}),
    }
    answer = await agency.call(*requests[request])
    assert (answer.status == 403) is (request == "change refused")
    return answer.status
