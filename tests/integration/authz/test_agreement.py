"""Over HTTP, too, every way to ask gives the answer of the slow reference."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach
from services.chassis.database import Database
from services.contracts.access import RecordFacts, RecordRight
from services.contracts.authz_api import SNAPSHOT
from services.contracts.identity_events import OfficeChanged, UserCreated
from services.contracts.vocabulary import OfficeId, Ownership
from tests.integration.authz.conftest import Agency, facts, found_agency
from tests.support.issuer import Issuer
from tests.unit.authz.algebra import KEYS, RECORDS, RIGHTS, WholeReference, WholeWorld, whole_worlds
from tests.unit.authz.test_agreement import told
from tests.unit.authz.test_compiling import ME, NOW, OFFICES, PEOPLE

pytestmark = pytest.mark.asyncio(loop_scope="session")
CATALOGUE = permission_catalogue()


def soundly(world: WholeWorld) -> WholeWorld:
    """Return a world that can be told over HTTP: lasting grants that the catalogue offers, no teams, no regions."""
    groups = list[tuple[None, tuple[Grant, ...]]]()
    for _, granted in world.groups:
        sound = {
            grant.identity: replace(grant, expires_at=None)
            for grant in granted
            if grant.reach in CATALOGUE[grant.key].reaches and grant.reach is not Reach.TEAM
        }
        groups.append((None, tuple(sound.values())))
    return replace(
        world,
        active=True,
        ownership=Ownership.ASSIGNEE,
        regions=dict.fromkeys(OFFICES),
        teams={},
        groups=tuple(groups),
        blocked=frozenset(),
    )


async def build(agency: Agency, world: WholeWorld) -> None:
    """Make the agency what the world says."""
    for office in OFFICES:
        await agency.tell(OfficeChanged(office_id=OfficeId(office), version=1, name=office.hex))
    for person in PEOPLE[1:]:
        await agency.tell(UserCreated(user=facts(person)))
    mine = facts(ME, principal_offices=tuple(world.principal), secondary_offices=tuple(world.secondary))
    await agency.tell(UserCreated(user=mine))
    for _, granted in world.groups:
        wanted = [
            {"key": each.key, "reach": each.reach, "reach_id": each.reach_id and str(each.reach_id), "view": each.view}
            for each in granted
        ]
        await agency.group(*wanted, members=(ME,))


def given_record(record: RecordFacts, rights: str) -> dict[str, Any]:
    ids = {name: str(getattr(record, name)) for name in ("office_id", "assignee_id", "created_by")}
    return {**ids, "is_private": record.is_private, rights: told(record.rights)}


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(whole_worlds(), RIGHTS)
async def test_every_way_to_ask_over_http_gives_the_answer_of_the_algebra(
    http: aiohttp.ClientSession,
    authz_url: str,
    issuer: Issuer,
    db: Database,
    world: WholeWorld,
    rights: tuple[RecordRight, ...],
) -> None:
    sound, agency = soundly(world), await found_agency(http, authz_url, issuer, db)
    await build(agency, sound)
    records = [replace(record, rights=each) for each in ((), rights) for record in RECORDS]
    asked = [(key, record) for key in KEYS for record in records]
    reference = WholeReference(sound, NOW)
    expected = [reference.decide(key, record) for key, record in asked]

    questions = [{"key": key, "record": {**given_record(each, "rights"), "section": "listings"}} for key, each in asked]
    decisions = await agency.call("POST", "/v1/decisions", {"user_id": str(ME), "questions": questions})
    evaluations = [
        {
            "action": {"name": key},
            "resource": {"type": "listings", "id": "1", "properties": given_record(each, "record_rights")},
        }
        for key, each in asked
    ]
    many = {"subject": {"type": "user", "id": str(ME)}, "evaluations": evaluations}
    evaluated = await agency.call("POST", "/access/v1/evaluations", many)
    snapshot = SNAPSHOT.validate_python((await agency.peer("GET", f"{ME}/snapshot")).body)

    assert [each["view"] for each in decisions.body["items"]] == expected
    assert [each["context"].get("view") for each in evaluated.body["evaluations"]] == expected
    assert [each["decision"] for each in evaluated.body["evaluations"]] == [view is not None for view in expected]
    assert [snapshot.decide(key, record) for key, record in asked] == expected
    assert UUID(str(snapshot.user_id)) == ME
