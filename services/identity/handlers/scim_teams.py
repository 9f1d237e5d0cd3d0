"""SCIM 2.0: groups are the agency's teams, the only set of people that anybody may be in or not, and that may end."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import StringConstraints
from scim2_models import SearchRequest

from services.chassis.problems import NotFound
from services.chassis.web import Input
from services.contracts.vocabulary import TeamId, UserId
from services.identity.adapters.scim_messages import Document, ScimRefused, narrowing, patched, read, reading
from services.identity.adapters.scim_resources import Group, Member, group_of
from services.identity.domain.directory import DirectoryEntry, WantedTeam
from services.identity.handlers.fields import Name
from services.identity.handlers.scim_protocol import Kind
from services.identity.operations import provisioning
from services.identity.operations.provisioning import Provisioning
from services.identity.store import directory

MOST_MEMBERS: Final = 500


class _Checked(Input):
    """The forms that identity demands of what a directory sends."""

    display_name: Name
    external_id: Annotated[str, StringConstraints(max_length=256)] | None


async def add(to: Provisioning, document: Document) -> UUID:
    """Return the id of a new team. Raises ScimRefused, TeamNameTaken."""
    return await provisioning.add_team(to, wanted(read(Group, document)))


async def replace(to: Provisioning, team_id: UUID, version: int | None, document: Document) -> None:
    """Replace a team's name and those members whom the directory sees."""
    resource = wanted(read(Group, document))
    await provisioning.edit_team(to, TeamId(team_id), version, lambda _team: resource)


async def change(to: Provisioning, team_id: UUID, version: int | None, document: Document) -> None:
    """Change a team by the operations of a PATCH."""
    await provisioning.edit_team(
        to, TeamId(team_id), version, lambda team: wanted(patched(group_of(team, ""), document))
    )


async def remove(to: Provisioning, team_id: UUID, version: int | None) -> None:
    """Remove a team; its members stay."""
    await provisioning.remove_team(to, TeamId(team_id), version)


async def find(to: Provisioning, team_id: UUID, base: str) -> Group:
    """Return a team. Raises NotFound."""
    async with to.db.single_read(to.tenant_id) as tx:
        team = await directory.team(tx, TeamId(team_id))
    if team is None:
        raise NotFound
    return group_of(team, base)


async def search(to: Provisioning, asked: SearchRequest[Any], base: str) -> Sequence[Group]:
    """Return the teams among which those are that are searched."""
    async with to.db.single_read(to.tenant_id) as tx:
        found = await directory.teams(tx, narrowing(asked, "displayname"))
    return [group_of(team, base) for team in found]


def wanted(resource: Group) -> WantedTeam:
    """Return the team that a resource describes. Raises ScimRefused."""
    members = frozenset(filter(None, map(_user_id, resource.members or ())))
    if len(members) > MOST_MEMBERS:
        raise ScimRefused(f"A group has {MOST_MEMBERS} members at most.", "invalidValue")
    with reading():
        checked = _Checked.model_validate({"display_name": resource.display_name, "external_id": resource.external_id})
    return WantedTeam(checked.display_name, members, DirectoryEntry(checked.external_id))


def _user_id(member: Member) -> UserId | None:
    """Return whom a member names, or None for what can name nobody here."""
    try:
        return UserId(UUID(member.value or ""))
    except ValueError:
        return None


TEAMS: Final = Kind(Group, "Groups", add, replace, change, remove, find, search)
