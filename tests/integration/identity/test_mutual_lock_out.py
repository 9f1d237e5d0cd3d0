"""Two administrators who shut each other out at once: one of them still gets in."""

import asyncio
from uuid import UUID

import pytest

from tests.integration.identity.conftest import Agency
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
ELSEWHERE = {"networks": {"cidrs": ["192.0.2.0/24"]}}


async def test_of_two_who_shut_each_other_out_one_gets_in_a_hundred_times(agency: Agency, authz: StubAuthz) -> None:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    _, tokens = await agency.sign_in(user["userid"])
    authz.give_all(agency.tenant_id, UUID(tokens["user_id"]), "admin.agents.manage")
    other = {"Authorization": f"Bearer {tokens['access_token']}", "X-Real-IP": "127.0.0.1"}
    snapshot = authz.give_all(agency.tenant_id, agency.administrator_id, "admin.agents.manage")
    assert snapshot.version > 1
    mine, theirs = (f"/v1/users/{one}/access-policy" for one in (agency.administrator_id, user["id"]))
    versions = {mine: 0, theirs: 0}
    for _ in range(100):
        answers = dict(
            zip(
                (theirs, mine),
                await asyncio.gather(
                    agency.call("PUT", theirs, ELSEWHERE, {"If-Match": f'"{versions[theirs]}"'}),
                    agency.call("PUT", mine, ELSEWHERE, {"If-Match": f'"{versions[mine]}"', **other}),
                ),
                strict=True,
            )
        )
        done = [path for path, (status, _) in answers.items() if status == 200]
        assert len(done) == 1, answers
        versions[done[0]] += 1
        author = other if done == [mine] else {}
        status, _ = await agency.call("PUT", done[0], {}, {"If-Match": f'"{versions[done[0]]}"', **author})
        assert status == 200
        versions[done[0]] += 1
