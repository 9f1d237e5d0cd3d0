"""People and teams as SCIM 2.0 resources (RFC 7643): exactly the attributes that are kept, and so published."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from pydantic import Field
from scim2_models import (
    URN,
    CaseExact,
    ComplexAttribute,
    Meta,
    Mutability,
    Reference,
    Required,
    Resource,
    Uniqueness,
)

from services.identity.domain.directory import DirectoryPerson, DirectoryTeam

BASE: Final = "/api/identity/scim/v2"
"""Where the gateway offers SCIM."""


class Name(ComplexAttribute):
    given_name: Annotated[str | None, Required.true] = None
    """The first name."""
    family_name: Annotated[str | None, Required.true] = None
    """The last name."""


class Email(ComplexAttribute):
    value: Annotated[str | None, Required.true] = None
    """The address that mails go to."""
    type: str | None = Field(None, examples=["work"])
    """Always `work`."""
    primary: bool | None = None
    """One address is kept: the primary one of those given, else the one for work, else the first."""


class Membership(ComplexAttribute):
    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The group's id."""
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Where the group is."""
    display: Annotated[str | None, Mutability.read_only] = None
    """The group's name."""


class User(Resource[Any]):
    """A colleague of the agency."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """The user id with which the person signs in: Latin letters, digits, and . _ @ - within."""
    name: Annotated[Name | None, Required.true] = None
    """The person's name."""
    display_name: str | None = None
    """What the directory calls the person."""
    active: Annotated[bool | None, Required.true] = None
    """Whether the account may be used, or may once the person has activated it by mail. False suspends it.

    Needed in what is written, so that nobody removes it; where it is not given it stays, or is true.
    """
    emails: Annotated[list[Email] | None, Required.true] = None
    """The person's address."""
    groups: Annotated[list[Membership] | None, Mutability.read_only] = None
    """The teams that the person is in."""

    Name: ClassVar = Name
    Emails: ClassVar = Email
    Groups: ClassVar = Membership


class Member(ComplexAttribute):
    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    """The person's id."""
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Where the person is."""
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    """Always `User`."""


class Group(Resource[Any]):
    """A team of the agency."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """The team's name."""
    members: list[Member] | None = None
    """Who is in the team."""

    Members: ClassVar = Member


def user_of(person: DirectoryPerson, base: str) -> User:
    """Return a person as a resource, at its place below `base`."""
    user = person.user
    return User(
        id=str(user.id),
        external_id=person.entry.external_id,
        meta=_meta("User", base, user.id, (user.created_at, person.changed_at), user.version),
        user_name=user.userid,
        name=Name(given_name=user.given_name, family_name=user.family_name),
        display_name=person.entry.display_name,
        active=person.active,
        emails=[Email(value=user.email, type="work", primary=person.entry.calls_address_primary)],
        groups=[
            Membership(value=str(team_id), ref=Reference(f"{base}/Groups/{team_id}"), display=name)
            for team_id, name in person.teams
        ],
    )


def group_of(found: DirectoryTeam, base: str) -> Group:
    """Return a team as a resource, at its place below `base`."""
    team = found.team
    return Group(
        id=str(team.id),
        external_id=found.entry.external_id,
        meta=_meta("Group", base, team.id, (found.created_at, found.changed_at), team.version),
        display_name=team.name,
        members=[
            Member(value=str(user_id), ref=Reference(f"{base}/Users/{user_id}"), type="User") for user_id in found.seen
        ],
    )


def _meta(kind: str, base: str, identifier: UUID, times: tuple[datetime, datetime], version: int) -> Meta:
    created, changed = times
    return Meta(
        resource_type=kind,
        created=created,
        last_modified=changed,
        location=f"{base}/{kind}s/{identifier}",
        version=f'W/"{version}"',
    )
