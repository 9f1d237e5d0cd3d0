"""An agency's directory adds, changes and removes people and teams, by the operations that administrators use.

What a directory wants is computed from what is there; whoever changes the same meanwhile makes it compute again,
unless it has named the version that it changes.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.chassis import ids
from services.chassis.database import Database
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import TeamId, TenantId, UserId, UserState
from services.identity.adapters.authz_administrators import Administrators
from services.identity.domain.directory import (
    Contended,
    DirectoryPerson,
    DirectoryTeam,
    WantedPerson,
    WantedTeam,
    free_code,
)
from services.identity.domain.organisation import Team
from services.identity.domain.user import Assignments, CodeTaken, StateNotAllowed, User, UseridTaken
from services.identity.operations import organisation, users
from services.identity.operations.users import UNCHANGED, Card, Newcomer, StateChange
from services.identity.store import directory, licences
from services.identity.store import users as stored_users

TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Provisioning:
    """Whose people a directory provisions, when, and with what."""

    db: Database
    administrators: Administrators
    tenant_id: TenantId
    now: datetime


async def add_person(to: Provisioning, wanted: WantedPerson) -> UserId:
    """Return the new person, who gets an activation mail unless unwanted; a ghost of that user id comes back.

    Raises UseridTaken, EmailTaken, SeatsExhausted, Contended.
    """
    for _ in range(TRIES):
        async with to.db.transaction(to.tenant_id, readonly=True) as tx:
            locale = (await licences.get(tx)).locale
            taken = await directory.codes(tx)
            known = await directory.gone(tx, wanted.userid)
            gone = await stored_users.find(tx, known) if known else None
        if gone is not None:
            return await _bring_back(to, gone, wanted)
        user = User(
            id=UserId(ids.uuid7()),
            userid=wanted.userid,
            code=free_code(wanted.given_name, wanted.family_name, taken),
            given_name=wanted.given_name,
            family_name=wanted.family_name,
            email=wanted.email,
            locale=locale,
            state=UserState.PROVISIONED if wanted.active else UserState.SUSPENDED,
            assignments=Assignments(),
            version=1,
            created_at=to.now,
        )
        try:
            newcomer = Newcomer(user, entry=wanted.entry)
            return UserId(await users.create_user(to.db, to.tenant_id, newcomer, None, to.now))
        except CodeTaken:
            continue
    raise Contended


async def edit_person(
    to: Provisioning, user_id: UserId, version: int | None, edit: Callable[[DirectoryPerson], WantedPerson]
) -> None:
    """Make a person what `edit` wants him to be. Without a version, whichever is there.

    Raises NotFound, Stale, UseridTaken, EmailTaken, StateNotAllowed, LastAdministrator, SeatsExhausted, Contended.
    """

    async def edit_present() -> None:
        person = await _person(to, user_id, version)
        wanted = edit(person)
        state, card = person.state_for(active=wanted.active), _card(person, wanted)
        if state is not None:
            change = StateChange(user_id, state, person.user.version, card)
            await users.change_state(to.db, to.administrators, to.tenant_id, change, to.now)
        elif card != UNCHANGED:
            await users.change_user(to.db, to.tenant_id, user_id, card, person.user.version)

    await _until_in_time(edit_present, version)


async def remove_person(to: Provisioning, user_id: UserId, version: int | None) -> None:
    """Make a person a ghost, whose code and authorship stay. Raises NotFound, Stale, LastAdministrator, Contended."""

    async def remove_present() -> None:
        person = await _person(to, user_id, version)
        change = StateChange(user_id, UserState.GHOST, person.user.version)
        await users.change_state(to.db, to.administrators, to.tenant_id, change, to.now)

    await _until_in_time(remove_present, version)


async def add_team(to: Provisioning, wanted: WantedTeam) -> TeamId:
    """Return the new team. Raises TeamNameTaken."""
    team_id = TeamId(ids.uuid7())
    members = tuple(sorted(await _seen(to, wanted)))
    team = Team(team_id, wanted.name, members, 1)
    await organisation.create_team(to.db, to.tenant_id, team, None, to.now, wanted.entry)
    return team_id


async def edit_team(
    to: Provisioning, team_id: TeamId, version: int | None, edit: Callable[[DirectoryTeam], WantedTeam]
) -> None:
    """Make a team what `edit` wants it to be. Without a version, whichever is there.

    Raises NotFound, Stale, TeamNameTaken, Contended.
    """

    async def edit_present() -> None:
        found = await _team(to, team_id, version)
        wanted = edit(found)
        members = found.members_with(await _seen(to, wanted))
        team = Team(team_id, wanted.name, members, found.team.version + 1)
        if (team.name, team.members, wanted.entry) != (found.team.name, found.team.members, found.entry):
            await organisation.change_team(to.db, to.tenant_id, team, wanted.entry)

    await _until_in_time(edit_present, version)


async def remove_team(to: Provisioning, team_id: TeamId, version: int | None) -> None:
    """Remove a team; its members stay. Raises NotFound, Stale, Contended."""

    async def remove_present() -> None:
        found = await _team(to, team_id, version)
        await organisation.remove_team(to.db, to.tenant_id, team_id, found.team.version)

    await _until_in_time(remove_present, version)


async def _until_in_time(write: Callable[[], Awaitable[None]], version: int | None) -> None:
    """Write anew what was read anew until nobody else was faster, unless the caller has named the version.

    Raises Stale for whoever has, Contended.
    """
    for _ in range(TRIES):
        try:
            return await write()
        except Stale:
            if version is not None:
                raise
    raise Contended


async def _bring_back(to: Provisioning, gone: User, wanted: WantedPerson) -> UserId:
    """Return a ghost as a person who is to be activated, or is suspended. Raises UseridTaken if others were faster."""
    card = Card(None, wanted.given_name, wanted.family_name, wanted.email, None, wanted.userid, wanted.entry)
    state = UserState.PROVISIONED if wanted.active else UserState.SUSPENDED
    change = StateChange(gone.id, state, gone.version, card)
    try:
        await users.change_state(to.db, to.administrators, to.tenant_id, change, to.now)
    except (Stale, StateNotAllowed):
        raise UseridTaken from None
    return gone.id


def _card(person: DirectoryPerson, wanted: WantedPerson) -> Card:
    """Return what changes, and only that: what stays is nobody's news."""
    user = person.user
    return Card(
        code=None,
        given_name=wanted.given_name if wanted.given_name != user.given_name else None,
        family_name=wanted.family_name if wanted.family_name != user.family_name else None,
        email=wanted.email if wanted.email != user.email else None,
        locale=None,
        userid=wanted.userid if wanted.userid != user.userid else None,
        entry=wanted.entry if wanted.entry != person.entry else None,
    )


async def _person(to: Provisioning, user_id: UserId, version: int | None) -> DirectoryPerson:
    async with to.db.single_read(to.tenant_id) as tx:
        found = await directory.person(tx, user_id)
    if found is None:
        raise NotFound
    if version is not None and found.user.version != version:
        raise Stale
    return found


async def _team(to: Provisioning, team_id: TeamId, version: int | None) -> DirectoryTeam:
    async with to.db.single_read(to.tenant_id) as tx:
        found = await directory.team(tx, team_id)
    if found is None:
        raise NotFound
    if version is not None and found.team.version != version:
        raise Stale
    return found


async def _seen(to: Provisioning, wanted: WantedTeam) -> frozenset[UserId]:
    async with to.db.single_read(to.tenant_id) as tx:
        return await directory.seen(tx, list(wanted.members))
