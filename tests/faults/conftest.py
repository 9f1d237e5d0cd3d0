"""One site for all faults: servers and services of its own, which tests kill and start again."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.faults.ledger import expect_everything_once
from tests.faults.site import Site, own_folder, site_in


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether there is time: `--long` repeats more and waits longer."""
    return bool(pytestconfig.getoption("--long"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_site() -> AsyncGenerator[Site]:
    """The site, running."""
    async with site_in(own_folder()) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def site(running_site: Site) -> AsyncGenerator[Site]:
    """The site with every line and process up; whatever a test did to it, in the end everything happened once."""
    assert running_site.sound, "an earlier test left something undone, and this one could not tell whose fault that is"
    for line in (*running_site.broker.values(), *running_site.lines.values()):
        await line.mend()
    for name, part in running_site.parts.items():
        if part.pid is None:
            await running_site.start(name)
    await running_site.connected(*(name for name in running_site.parts if "-work" in name))
    yield running_site
    running_site.sound = False
    await expect_everything_once(running_site)
    running_site.sound = True
