"""Who is no colleague reaches nobody's data but his own, by whatever route and with whatever permission."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import pytest

from services.authz.adapters.catalogue_file import permission_catalogue
from services.chassis.web import Access, Route
from services.identity.app import SERVICE
from tests.integration.identity.conftest import Agency
from tests.integration.identity.test_agent_cards import at
from tests.integration.identity.test_audit_trail import bearer
from tests.integration.identity.test_sub_accounts import fields
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

IMPERSONAL: Final = {
    "/v1/access-policy",
    "/v1/access-templates",
    "/v1/access-templates/{template_id}",
    "/v1/licence",
    "/v1/me",
    "/v1/me/passkeys",
    "/v1/me/second-factor",
    "/v1/network-zones",
    "/v1/network-zones/{zone_id}",
    "/v1/offices",
    "/v1/password-policy",
    "/v1/regions",
    "/v1/sessions",
}
"""What is the caller's own or the agency's settings. Every other route that callers may read is about people."""
READ: Final = [route for route in SERVICE.routes if route.method == "GET" and route.access is Access.CALLER]
NEEDED: Final = {"first": date.today().isoformat(), "last": date.today().isoformat()}  # noqa: DTZ011 any day will do


def path_of(route: Route, **ids: object) -> str:
    asked = {name for name, one in (route.takes.model_fields if route.takes else {}).items() if one.is_required()}
    query = "&".join(f"{name}={NEEDED[name]}" for name in sorted(asked))
    return route.path.format(**ids) + (f"?{query}" if query else "")


async def outsider(agency: Agency, authz: StubAuthz, *, technician: bool) -> tuple[str, dict[str, str]]:
    """Return the id and the bearer of somebody from outside to whom the agency gave every permission there is."""
    asked = fields(secondary_offices=[str(agency.office_id)])
    if technician:
        ends_at = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        visit = {"kind": "external_technician", "telephone": "+39 0583 1234", "ends_at": ends_at}
        own_id = (await agency.add_user(**visit, **asked))["id"]
    else:
        own_id = (await agency.call("PUT", f"/v1/sub-accounts/{uuid4()}", asked))[1]["user_id"]
    await agency.activate(own_id)
    authz.give_all(agency.tenant_id, UUID(own_id), *permission_catalogue())
    return own_id, await bearer(agency, asked)


@pytest.mark.catalogue("AM-3", "SB-16")
@pytest.mark.parametrize("technician", [False, True])
async def test_who_is_no_colleague_reads_nothing_of_others_though_he_holds_every_permission(
    agency: Agency, authz: StubAuthz, technician: bool
) -> None:
    own_id, own = await outsider(agency, authz, technician=technician)
    staff = await agency.add_user()
    ids = {"contact_id": uuid4(), "template_id": uuid4(), "zone_id": uuid4()}
    assert (await agency.call("PUT", f"/v1/sub-accounts/{ids['contact_id']}", fields()))[0] == 200

    for route in READ:
        path = path_of(route, user_id=staff["id"], **ids)
        async with agency.http.get(agency.url + path, headers=own) as response:
            text = await response.text()
        if route.path in IMPERSONAL:
            assert not any(told in text for told in (staff["id"], staff["email"], str(agency.administrator_id))), path
        else:
            assert (response.status, '"colleagues_only"' in text) == (403, True), (path, text)
        if "{user_id}" in route.path:
            async with agency.http.get(agency.url + path_of(route, user_id=own_id), headers=own) as response:
                assert response.status in {200, 404}, path


@pytest.mark.catalogue("AM-3", "SB-16")
@pytest.mark.parametrize("technician", [False, True])
async def test_who_is_no_colleague_learns_nothing_of_others_by_changing_them(
    agency: Agency, authz: StubAuthz, technician: bool
) -> None:
    _, own = await outsider(agency, authz, technician=technician)
    staff = await agency.add_user()
    user = f"/v1/users/{staff['id']}"
    account = f"/v1/sub-accounts/{uuid4()}"
    _, granted = await agency.call("PUT", account, fields())
    nowhere = {"principal_offices": list[str](), "secondary_offices": list[str]()}
    token = {"name": "Directory", "scopes": ["scim"], "ends_at": (datetime.now(UTC) + timedelta(days=9)).isoformat()}
    trial = {"at": datetime.now(UTC).isoformat(), "address": "192.0.2.7"}
    changes: tuple[tuple[str, str, object], ...] = (
        ("PATCH", user, {}),
        ("PATCH", user, {"email": f"{uuid4().hex}@elsewhere.example"}),
        ("PUT", f"{user}/assignments", nowhere),
        ("PUT", f"{user}/state", {"state": "ghost"}),
        ("PUT", f"{user}/state", {"state": "provisioned"}),
        ("PUT", f"{user}/card", {}),
        ("PUT", f"{user}/photo/edits", {}),
        ("DELETE", f"{user}/photo/edits", None),
        ("POST", f"{user}/access-policy/trials", trial),
        ("PUT", account, fields()),
        ("POST", "/v1/machine-tokens", token),
    )
    for method, path, body in changes:
        status, problem = await agency.call(method, path, body, {**own, **at(1)})
        assert (status, problem["code"]) == (403, "colleagues_only"), (method, path)
    assert (await agency.call("GET", user))[1] == staff
    assert (await agency.call("GET", account))[1] == granted
