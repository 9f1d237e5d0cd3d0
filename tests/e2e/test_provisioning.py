"""A directory provisions people through the gateway, and a machine works for one of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.gateway import Agency, Person, activate
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCIM = "/identity/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def suspension() -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}


async def token(agency: Agency, **fields: object) -> str:
    """Return a fresh machine token."""
    ends_at = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    body = {"name": "Entra ID", "scopes": ["scim"], "ends_at": ends_at, **fields}
    made = (await agency.administrator.call("POST", "/identity/v1/machine-tokens", body)).expect(201)
    return str(made["token"])


async def test_a_provisioned_colleague_is_invited_works_and_is_stopped(agency: Agency) -> None:
    directory = Person(agency.administrator.http, agency.administrator.url, await token(agency))
    address = f"{uuid4().hex[:8]}@agency.example"
    sent = {
        "schemas": [USER],
        "userName": address,
        "name": {"givenName": "Gina", "familyName": "Rossi"},
        "emails": [{"value": address, "type": "work", "primary": True}],
        "active": True,
    }
    made = await directory.call("POST", f"{SCIM}/Users", sent)
    user = made.expect(201)
    assert made.headers["Content-Type"].startswith("application/scim+json")
    assert user["meta"]["location"] == f"{directory.url}/api{SCIM}/Users/{user['id']}"
    gina = Person(directory.http, directory.url)
    await activate(gina, await agency.mails.activation_token(address))
    (await gina.sign_in(agency.licence_code, address)).expect(201)

    async def known_to_all() -> bool:
        return (await gina.call("GET", "/records/v1/listings")).status in {200, 403}

    await eventually(known_to_all)
    (await directory.call("PATCH", f"{SCIM}/Users/{user['id']}", suspension())).expect(200)

    async def stopped() -> bool:
        return (await gina.call("GET", "/records/v1/listings")).status == 401

    await eventually(stopped)


async def test_the_last_administrator_outlives_the_directory(agency: Agency) -> None:
    directory = Person(agency.administrator.http, agency.administrator.url, await token(agency))
    found = (await directory.call("GET", f'{SCIM}/Users?filter=userName%20eq%20"admin"')).expect(200)
    path = f"{SCIM}/Users/{found['Resources'][0]['id']}"
    for answer in (await directory.call("PATCH", path, suspension()), await directory.call("DELETE", path)):
        error = answer.expect(409)
        assert error["detail"] == "The agency would be left without an administrator."
    assert (await agency.administrator.call("GET", "/identity/v1/me")).expect(200)["state"] == "active"


async def test_a_machine_reads_at_every_service_what_its_person_may_and_stops_when_revoked(agency: Agency) -> None:
    admin = agency.administrator
    me = (await admin.call("GET", "/identity/v1/me")).expect(200)
    secret = await token(agency, name="Portal", scopes=["api"], acts_for=me["id"])
    machine = Person(admin.http, admin.url)
    access = (await machine.call("POST", "/identity/v1/machine-sessions", {"token": secret})).expect(201)
    machine.token = access["access_token"]
    for path in ("/identity/v1/me", "/records/v1/listings", "/authz/v1/groups", "/notifications/v1/deliveries"):
        (await machine.call("GET", path)).expect(200)
    tokens = (await admin.call("GET", "/identity/v1/machine-tokens")).expect(200)["items"]
    (await admin.call("DELETE", f"/identity/v1/machine-tokens/{tokens[0]['id']}")).expect(204)

    async def stopped() -> bool:
        paths = ("/identity/v1/me", "/records/v1/listings", "/authz/v1/groups")
        return {(await machine.call("GET", path)).status for path in paths} == {401}

    await eventually(stopped)
    assert (await admin.call("GET", "/records/v1/listings")).status == 200
