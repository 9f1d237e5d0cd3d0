"""What an external technician reaches: nothing that says anything of the agency's people, clients and records."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from deploy.local.databases import SERVICES
from tests.e2e.test_refusals import LISTING
from tests.support.gateway import Agency, Person
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")
SECRETS: Final = (
    "Zenobia",
    "Quartararo",
    "Ermenegilda",
    "+39 333 7654321",
    "Attico segreto",
    "zenobia-",
    "ermenegilda-",
)
"""Of a colleague, of a contact, of a listing."""
OWN: Final = re.compile(
    r"/v1/(me\b|sessions|password-reset|activations|unsubscriptions|access$|access/v1/|decisions|permissions|.*trials$)"
)
"""One's own account and rights, and what anybody may ask."""


async def populated(agency: Agency) -> dict[str, str]:
    """Fill an agency with people and a listing; return ids by the names that paths have for them."""
    admin, name = agency.administrator, uuid4().hex[:6]
    colleague, _ = await agency.active_colleague(
        given_name="Zenobia", family_name="Quartararo", email=f"zenobia-{name}@agency.example"
    )
    card = {"contacts": [{"kind": "mobile", "value": "+39 333 7654321"}], "shown": ["name"]}
    (await admin.call("PUT", f"/identity/v1/users/{colleague['id']}/card", card, If_Match='"0"')).expect(200)
    contact = (
        await admin.call(
            "POST",
            "/notifications/v1/contacts",
            {
                "given_name": "Ermenegilda",
                "family_name": "Bo",
                "email": f"ermenegilda-{name}@client.example",
                "locale": "it",
            },
        )
    ).expect(201)
    body = {**LISTING, "title": "Attico segreto", "office_id": agency.office_id}
    listing: dict[str, Any] = {}

    async def entered() -> bool:
        nonlocal listing
        answer = await admin.call("POST", "/records/v1/listings", body)
        listing = answer.body
        assert answer.status in {201, 422}, answer.body
        return answer.status == 201

    await eventually(entered, 20)
    group = (await admin.call("GET", "/authz/v1/groups")).expect(200)["items"][0]
    return {
        "user_id": colleague["id"],
        "recipient_id": colleague["id"],
        "contact_id": contact["id"],
        "listing_id": listing["id"],
        "record_id": listing["id"],
        "office_id": agency.office_id,
        "group_id": group["id"],
        "section": "listings",
    }


async def operations(admin: Person, ids: dict[str, str]) -> list[tuple[str, str]]:
    """Return every method and path of the four documents, with real ids in it."""

    def filled(path: str) -> str:
        return re.sub(r"{(\w+)}", lambda match: ids.get(match.group(1), str(uuid4())), path)

    def of(service: str, document: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for path, methods in document["paths"].items():
            for method in methods:
                yield method.upper(), f"/{service}{filled(path)}"

    found = list[tuple[str, str]]()
    for service in SERVICES:
        found += of(service, (await admin.call("GET", f"/{service}/openapi.json")).expect(200))
    return found


@pytest.mark.catalogue("AM-3", "AM-6", "AM-9", "AM-10", "AM-17")
async def test_a_technician_reaches_nothing_that_says_anything_of_people_or_records(agency: Agency) -> None:
    ids = await populated(agency)
    admin = agency.administrator
    groups = (await admin.call("GET", "/authz/v1/groups")).expect(200)["items"]
    role = next(
        group for group in groups if group.get("code") == "external_technicians" or group["name"] == "Tecnici esterni"
    )
    technician, person = await agency.active_colleague(
        kind="external_technician",
        telephone="+39 0583 1234",
        ends_at=_in_a_day(),
        given_name="Tino",
        family_name="Tecnico",
        email=f"technician-{uuid4().hex[:6]}@vendor.example",
    )
    answer = await admin.call(
        "PUT", f"/authz/v1/groups/{role['id']}/members/{technician['id']}", {}, If_Match=f'"{role["version"]}"'
    )
    assert answer.status in {200, 201, 204}, answer.body
    every = await operations(admin, ids)
    assert len(every) > 150
    told, reached, changed = list[str](), 0, list[str]()
    admins_see = 0
    for method, path in every:
        if (method, path) == ("DELETE", "/identity/v1/sessions"):
            continue  # signing out would make the rest prove nothing
        reads = method == "GET"
        body = None if method in {"GET", "DELETE"} else dict[str, object]()
        answer = await person.call(method, path, body, If_Match='"1"')
        told += [f"{method} {path}: {secret}" for secret in SECRETS if secret in str(answer.body)]
        reached += answer.status < 400 and reads
        if answer.status < 400 and not reads and not OWN.search(path):
            changed.append(f"{method} {path}: {answer.status}")
        if reads:
            shown = str((await admin.call("GET", path)).body)
            admins_see += any(secret in shown for secret in SECRETS)
    assert (await person.call("GET", "/identity/v1/me")).status == 200
    assert told == []
    assert changed == []
    assert admins_see >= 8
    assert reached >= 1


def _in_a_day() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()
