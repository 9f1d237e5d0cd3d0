"""Teams of people."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import TeamId, UserId
from services.identity.deps import Deps
from services.identity.domain.organisation import Team
from services.identity.domain.user import MANAGE
from services.identity.handlers.colleagues import require_colleague
from services.identity.handlers.fields import Name
from services.identity.operations import organisation
from services.identity.store import teams


class TeamFields(Input):
    name: Name
    members: Annotated[list[UUID], Field(max_length=500)]


class TeamShown(Output):
    id: UUID
    name: str
    members: list[UUID]
    version: int


class TeamsShown(Output):
    items: list[TeamShown]


async def list_teams(deps: Deps, call: Call) -> TeamsShown:
    """List the agency's teams by name, with their members; not to external technicians or accounts of contacts."""
    await require_colleague(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        return TeamsShown(items=[_shown(team) for team in await teams.every(tx)])


async def create_team(deps: Deps, call: Call, asked: TeamFields) -> TeamShown:
    """Make a team. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    team = Team(TeamId(ids.uuid7()), asked.name, _members(asked), 1)
    made = await organisation.create_team(deps.db, call.caller.tenant_id, team, call.idempotency_key, call.now)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await teams.find(tx, TeamId(made))
    if found is None:
        raise NotFound
    return _shown(found)


async def change_team(deps: Deps, call: Call, asked: TeamFields) -> TeamShown:
    """Change a team's name and members. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    team = Team(TeamId(call.id_in_path("team_id")), asked.name, _members(asked), call.version + 1)
    await organisation.change_team(deps.db, call.caller.tenant_id, team)
    return _shown(team)


async def remove_team(deps: Deps, call: Call) -> None:
    """Remove a team; its members stay. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    await organisation.remove_team(deps.db, call.caller.tenant_id, TeamId(call.id_in_path("team_id")), call.version)


def _members(asked: TeamFields) -> tuple[UserId, ...]:
    return tuple(UserId(member) for member in sorted(set(asked.members)))


def _shown(team: Team) -> TeamShown:
    return TeamShown(id=team.id, name=team.name, members=list(team.members), version=team.version)


ROUTES = (
    Route("GET", "/v1/teams", list_teams, gives=TeamsShown),
    Route("POST", "/v1/teams", create_team, takes=TeamFields, gives=TeamShown, status=201, once=True),
    Route("PUT", "/v1/teams/{team_id}", change_team, takes=TeamFields, gives=TeamShown, edits=True),
    Route("DELETE", "/v1/teams/{team_id}", remove_team, edits=True),
)
