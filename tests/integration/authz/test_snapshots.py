"""Peers get snapshots by the contract: whole when they changed, 304 when not, empty for who may do nothing."""

from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from services.chassis import clock
from services.chassis.authz_client import RemoteAccess
from services.chassis.http_client import Peer
from services.chassis.tokens import Caller
from services.contracts.authz_api import SNAPSHOT
from services.contracts.authz_events import SnapshotChanged
from services.contracts.identity_events import UserStateChanged
from services.contracts.vocabulary import OfficeId, Ownership, RecordClass, SessionId, UserId, UserState, View
from tests.integration.authz.conftest import Agency, facts
from tests.support.running import INTERNAL_TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "principal"}


def remote(agency: Agency) -> RemoteAccess:
    """Return what a peer has, for whom no time goes by."""
    return RemoteAccess(Peer(agency.http, agency.url, SecretStr(INTERNAL_TOKEN)), lambda: 0.0)


def caller(agency: Agency, person: UUID) -> Caller:
    return Caller(agency.tenant_id, UserId(person), SessionId(uuid4()), clock.now())


async def test_a_snapshot_is_what_the_contract_reads(agency: Agency) -> None:
    person = await agency.person()
    await agency.group(READ, {"key": "listings.list", "reach": "all", "view": "public"}, members=(person,))

    answer = await agency.peer("GET", f"{person}/snapshot")
    snapshot = SNAPSHOT.validate_python(answer.body)

    assert answer.headers["Etag"] == f'"{snapshot.version}"'
    assert (snapshot.tenant_id, snapshot.user_id, snapshot.ownership) == (agency.tenant_id, person, Ownership.ASSIGNEE)
    assert snapshot.scope("listings.read").offices == {OfficeId(agency.office_id)}
    assert snapshot.scope("listings.list").everything is View.PUBLIC
    assert not snapshot.holds("listings.update")
    assert snapshot.principals == {person, agency.office_id}
    assert snapshot.classes == {"listings.list": RecordClass.READ, "listings.read": RecordClass.READ}


async def test_who_has_the_version_gets_304_until_it_changes(agency: Agency) -> None:
    person = await agency.person()
    group = await agency.group(READ, members=(person,))
    etag = (await agency.peer("GET", f"{person}/snapshot")).headers["Etag"]

    same = await agency.peer("GET", f"{person}/snapshot", If_None_Match=etag)
    assert (same.status, same.body, same.headers["Etag"]) == (304, None, etag)
    await agency.person()  # concerns somebody else
    assert (await agency.peer("GET", f"{person}/snapshot", If_None_Match=etag)).status == 304

    await agency.change(group, "DELETE", f"/members/{person}")
    changed = await agency.peer("GET", f"{person}/snapshot", If_None_Match=etag)
    assert (changed.status, changed.body["granted"]) == (200, [])


async def test_nobody_known_gets_an_empty_snapshot_of_version_0(agency: Agency, other_agency: Agency) -> None:
    for stranger in (uuid4(), other_agency.administrator_id):
        answer = await agency.peer("GET", f"{stranger}/snapshot")
        assert (answer.status, answer.headers["Etag"]) == (200, '"0"')
        assert (answer.body["version"], answer.body["granted"]) == (0, [])


@pytest.mark.catalogue("MG-9")
@pytest.mark.parametrize("state", [UserState.PROVISIONED, UserState.SUSPENDED, UserState.GHOST])
async def test_who_is_not_active_may_do_nothing_until_he_is(agency: Agency, state: UserState) -> None:
    person = await agency.person()
    await agency.group(READ, members=(person,))

    await agency.tell(UserStateChanged(user=facts(person, 2, state, principal_offices=(agency.office_id,))))
    assert (await agency.peer("GET", f"{person}/snapshot")).body["granted"] == []
    await agency.tell(UserStateChanged(user=facts(person, 3, principal_offices=(agency.office_id,))))
    answer = await agency.peer("GET", f"{person}/snapshot")
    assert SNAPSHOT.validate_python(answer.body).scopes.keys() == {"listings.read"}


async def test_only_peers_get_snapshots(agency: Agency) -> None:
    path = f"/internal/v1/tenants/{agency.tenant_id}/users/{agency.administrator_id}"

    assert (await agency.call("GET", f"{path}/snapshot")).status == 401
    assert (await agency.call("POST", f"{path}/stand-down")).status == 401
    assert (await agency.peer("GET", "nonsense/snapshot")).status == 404


async def test_a_peer_reads_its_own_change_and_the_changes_of_others_too(agency: Agency) -> None:
    """The Access-Version of a change may be passed by anybody, whether it concerned him or not."""
    person, outsider, access = await agency.person(), await agency.person(), remote(agency)
    group = await agency.group(READ)
    assert not (await access.of(caller(agency, person), clock.now())).holds("listings.read")
    await access.of(caller(agency, outsider), clock.now())

    joined = await agency.change(group, "PUT", f"/members/{person}", {})
    version = int(joined.headers["Access-Version"])

    assert not (await access.of(caller(agency, person), clock.now())).holds("listings.read")  # kept for a while
    assert (await access.of(caller(agency, person), clock.now(), version)).holds("listings.read")
    assert (await access.of(caller(agency, outsider), clock.now(), version)).scopes == {}


async def test_the_news_make_a_peer_ask_again(agency: Agency) -> None:
    person, access = await agency.person(), remote(agency)
    group = await agency.group(READ, members=(person,))
    assert (await access.of(caller(agency, person), clock.now())).holds("listings.read")
    await agency.news()

    await agency.change(group, "DELETE", f"/members/{person}")
    for people, version in await agency.news():
        user_ids = tuple(UserId(UUID(user_id)) for user_id in people)
        access.drop(agency.tenant_id, SnapshotChanged(user_ids=user_ids, version=version))

    assert not (await access.of(caller(agency, person), clock.now())).holds("listings.read")


@pytest.mark.parametrize("state", [UserState.ACTIVE, UserState.PROVISIONED, UserState.SUSPENDED, UserState.GHOST])
async def test_peers_learn_what_waits_for_somebody_whose_account_is_not_active(
    agency: Agency, state: UserState
) -> None:
    person = await agency.person(state)
    await agency.group(READ, members=(person,))

    answer = await agency.peer("GET", f"{person}/snapshot-once-active")
    now = await agency.peer("GET", f"{person}/snapshot")

    assert SNAPSHOT.validate_python(answer.body).scope("listings.read").offices == {OfficeId(agency.office_id)}
    assert SNAPSHOT.validate_python(now.body).holds("listings.read") is (state is UserState.ACTIVE)
    unknown = (await agency.peer("GET", f"{uuid4()}/snapshot-once-active")).body
    assert SNAPSHOT.validate_python(unknown).scopes == {}
