"""What a later release adds reaches whoever was granted everything, once, and nobody else."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.app import SERVICE
from services.authz.operations.releases import REASON, offer_permissions
from services.chassis import clock
from tests.integration.authz.conftest import Agency
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import eventually, settings_of, working

pytestmark = pytest.mark.asyncio(loop_scope="session")
CATALOGUE = permission_catalogue()
NEW = ["contacts.delete", "tasks.create"]
BEFORE = [key for key in CATALOGUE if key not in NEW]
EVERYTHING = [{"key": key, "reach": "all"} for key in BEFORE]


async def an_agency_of_the_release_before(agency: Agency) -> None:
    """Let the agency be as it would be had it been taken on before there were the new permissions."""
    administrators = await agency.starting_group("administrators")
    await agency.put(administrators, "/grants", {"grants": EVERYTHING})
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute("UPDATE tenants SET offered = $2 WHERE tenant_id = $1", agency.tenant_id, BEFORE)
    await agency.news()


async def offer(agency: Agency) -> int:
    return await offer_permissions(agency.db, agency.tenant_id, CATALOGUE, clock.now())


async def new_ones(agency: Agency, person: UUID) -> list[str]:
    """Return what a person holds of the new permissions."""
    return sorted(key for key in await agency.scopes(person) if key in NEW)


async def test_who_was_granted_everything_is_granted_what_a_release_adds(agency: Agency) -> None:
    by_group, by_template, himself, nearly, agent = [await agency.person() for _ in range(5)]
    await an_agency_of_the_release_before(agency)
    await agency.group(*EVERYTHING, members=(by_group,))
    await agency.template(*EVERYTHING, users=(by_template,))
    await agency.put_rights(himself, "/grants", {"grants": [*EVERYTHING, {"key": NEW[0], "reach": "all"}]})
    narrower = [{**grant, "reach": "own"} if grant["key"] == "tasks.update" else grant for grant in EVERYTHING]
    await agency.put_rights(nearly, "/grants", {"grants": narrower})
    await agency.news()

    assert await offer(agency) == len(NEW)

    for person in (agency.administrator_id, by_group, by_template, himself):
        assert await new_ones(agency, person) == NEW, person
    assert [await new_ones(agency, person) for person in (nearly, agent)] == [[], []]
    told = {str(person) for person in (agency.administrator_id, by_group, by_template, himself)}
    assert [people for people, _ in await agency.news()] == [told]
    entries = (await agency.call("GET", f"/v1/rights-changes?key={NEW[1]}")).body["items"]
    assert {(entry["reason"], entry["author_id"]) for entry in entries[:4]} == {(REASON, None)}


async def test_what_is_taken_away_after_it_was_offered_stays_away(agency: Agency) -> None:
    await an_agency_of_the_release_before(agency)
    assert await offer(agency) == len(NEW)
    administrators = await agency.starting_group("administrators")
    rest = [{"key": key, "reach": "all"} for key in CATALOGUE if key != NEW[0]]
    await agency.put(administrators, "/grants", {"grants": rest})

    assert await offer(agency) == 0
    assert await new_ones(agency, agency.administrator_id) == NEW[1:]


async def test_an_agency_from_before_offers_were_kept_has_been_offered_what_it_ever_granted(agency: Agency) -> None:
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute("UPDATE tenants SET offered = NULL WHERE tenant_id = $1", agency.tenant_id)
        await tx.execute("DELETE FROM grants WHERE tenant_id = $1 AND key = ANY($2)", agency.tenant_id, NEW)
    assert await new_ones(agency, agency.administrator_id) == []

    assert await offer(agency) == len(NEW)
    assert await new_ones(agency, agency.administrator_id) == NEW


async def test_however_many_processes_start_at_once_a_permission_is_offered_once(agency: Agency) -> None:
    await an_agency_of_the_release_before(agency)

    assert sorted(await asyncio.gather(*(offer(agency) for _ in range(4)))) == [0, 0, 0, len(NEW)]
    held: Any = (await agency.starting_group("administrators"))["grants"]
    assert sorted(grant["key"] for grant in held) == sorted(CATALOGUE)


async def test_the_worker_offers_what_its_release_brought(
    agency: Agency, authz_database: ServiceDatabase, issuer: Issuer
) -> None:
    await an_agency_of_the_release_before(agency)

    async def arrived() -> bool:
        return await new_ones(agency, agency.administrator_id) == NEW

    async with working(SERVICE, settings_of(SERVICE, authz_database, jwks_url=issuer.jwks_url)):
        assert await eventually(arrived)
