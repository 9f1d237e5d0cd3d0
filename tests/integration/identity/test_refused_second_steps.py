"""Whoever knows the password and fails at the second factor is in the report of refused sign-ins."""

from typing import Any

import pytest

from tests.integration.identity.conftest import Agency
from tests.integration.identity.test_access_policy import put
from tests.integration.identity.test_passkeys import colleague
from tests.integration.identity.test_second_factor import code_of, with_app
from tests.integration.identity.test_waiting_sign_ins import outcome
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
ELSEWHERE = {"cidrs": ["198.51.100.0/24"]}


async def test_every_refusal_of_the_second_step_is_written_down(agency: Agency, authz: StubAuthz) -> None:
    keys = ("admin.agents.manage", "reports.logins.read")
    fresh = {"Access-Version": str(authz.give_all(agency.tenant_id, agency.administrator_id, *keys).version)}

    async def reasons(user: dict[str, Any]) -> list[str]:
        _, page = await agency.call("GET", "/v1/reports/refused-sign-ins", headers=fresh)
        return [one["reason"] for one in page["items"] if one["user_id"] == user["id"]]

    owner = await with_app(agency)
    challenge = await owner.begin()
    assert outcome(await owner.finish(challenge, "000000")) == (401, "wrong_code")
    assert outcome(await owner.finish(challenge, "no such recovery code")) == (401, "wrong_code")
    assert (await put(agency, f"/v1/users/{owner.user['id']}/access-policy", 0, networks=ELSEWHERE))[0] == 200
    assert outcome(await owner.finish(challenge, code_of(owner.secret))) == (403, "address_not_allowed")
    assert await reasons(owner.user) == ["address_not_allowed", "wrong_code", "wrong_code"]

    newcomer = await colleague(agency)
    own = f"/v1/users/{newcomer.user['id']}/access-policy"
    assert (await put(agency, own, 0, second_factor_required=True))[0] == 200
    _, waiting = await agency.sign_in(newcomer.user["userid"])
    token = {"challenge_token": waiting["challenge_token"]}
    asked = await newcomer.options("/v1/sessions/new-passkey", token)
    assert (await put(agency, own, 1, second_factor_required=True, networks=ELSEWHERE))[0] == 200
    body = {**token, "name": "Phone", "credential": newcomer.device.make(asked)}
    assert outcome(await agency.call("POST", "/v1/sessions/new-passkey", body)) == (403, "address_not_allowed")
    assert await reasons(newcomer.user) == ["address_not_allowed"]
