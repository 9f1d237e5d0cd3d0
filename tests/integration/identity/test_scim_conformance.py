"""SCIM 2.0 as two suites of others understand it: scim2-tester and scim-sanity, against the served identity."""

import asyncio
from typing import Any

import pytest
import requests
from scim2_client import BaseSyncSCIMClient
from scim2_tester import Status, check_server
from scim_sanity.probe import runner

from tests.integration.identity.conftest import Agency
from tests.integration.identity.directory import Directory, connect

pytestmark = pytest.mark.asyncio(loop_scope="session")

FEWEST_CHECKS = 60


class Client(BaseSyncSCIMClient):
    """Speaks to the served identity over HTTP."""

    def __init__(self, directory: Directory) -> None:
        super().__init__()
        self._url = directory.url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {directory.token}"

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return endpoint.startswith("/")

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        return self._session.request(method, self._url + url, timeout=30, **kwargs)


async def test_scim2_tester_finds_nothing_wrong(agency: Agency) -> None:
    directory = await connect(agency)

    results = await asyncio.to_thread(check_server, Client(directory))
    wrong = [(one.status.name, one.title, one.reason) for one in results if one.status is not Status.SUCCESS]
    assert not wrong, "\n".join(map(str, wrong))
    assert len(results) >= FEWEST_CHECKS


@pytest.mark.parametrize("profile", [None, "entra"])
async def test_scim_sanity_finds_nothing_wrong(agency: Agency, profile: str | None) -> None:
    directory = await connect(agency)
    probe: Any = runner
    found = await asyncio.to_thread(
        probe.run_probe_api, directory.url, token=directory.token, profile=profile, user_domain="agency.example"
    )
    wrong = [one for one in found["results"] if one["status"].lower() not in {"pass", "skip"}]
    assert not wrong, "\n".join(map(str, wrong))
    assert found["exit_code"] == 0
