"""What an agency chooses reaches every service that goes by it."""

import pytest

from tests.e2e.test_refusals import LISTING
from tests.support.gateway import Agency
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_whose_own_a_listing_is_follows_the_agency_s_choice(agency: Agency) -> None:
    admin = agency.administrator
    card, colleague = await agency.active_colleague(principal_offices=[agency.office_id])
    rights = await admin.call("GET", f"/authz/v1/users/{card['id']}/rights")
    own = {"grants": [{"key": key, "reach": "own"} for key in ("listings.list", "listings.read")]}
    path = f"/authz/v1/users/{card['id']}/grants"
    (await admin.call("PUT", path, own, If_Match=rights.headers["ETag"])).expect(200)
    listing = {**LISTING, "office_id": agency.office_id, "basic": {"assignee_id": card["id"]}}

    async def made() -> bool:  # once records knows the colleague
        return (await admin.call("POST", "/records/v1/listings", listing)).status == 201

    async def seen() -> int:
        return len((await colleague.call("GET", "/records/v1/listings")).expect(200)["items"])

    async def is_shown() -> bool:
        return await seen() == 1

    async def is_hidden() -> bool:
        return await seen() == 0

    assert await eventually(made)
    assert await eventually(is_shown), "he is to see to it"
    for version, (ownership, becomes) in enumerate(
        (("creator", is_hidden), ("either", is_shown), ("creator", is_hidden), ("assignee", is_shown)), 1
    ):
        changed = await admin.call("PATCH", "/identity/v1/licence", {"ownership": ownership}, If_Match=f'"{version}"')
        assert changed.expect(200)["ownership"] == ownership
        assert await eventually(becomes), ownership
