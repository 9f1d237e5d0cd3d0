"""Who administers an agency, as peers are told it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.contracts.vocabulary import UserState
from tests.integration.authz.conftest import MANAGE, Agency
from tests.support.running import INTERNAL_TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_peers_are_told_who_administers_the_agency_now(agency: Agency) -> None:
    async def told() -> set[str]:
        path = f"{agency.url}/internal/v1/tenants/{agency.tenant_id}/administrators"
        async with agency.http.get(path, headers={"Authorization": f"Bearer {INTERNAL_TOKEN}"}) as response:
            assert response.status == 200
            return set((await response.json())["user_ids"])

    first, two, half = str(agency.administrator_id), await agency.person(), await agency.person()
    suspended = await agency.person(UserState.SUSPENDED)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    group = await agency.group(*MANAGE, members=(suspended,))
    await agency.put(group, f"/members/{two}", {"expires_at": soon})
    await agency.group(MANAGE[0], members=(half,))
    assert await told() == {first, str(two)}, "also who is one for an hour"
    await agency.template(MANAGE[1], users=(half,))
    assert await told() == {first, str(two), str(half)}, "wherever the keys come from"
    assert (await agency.peer("POST", f"{half}/stand-down")).status == 204
    assert await told() == {first, str(two)}
    async with agency.http.get(f"{agency.url}/internal/v1/tenants/{agency.tenant_id}/administrators") as response:
        assert response.status == 401
