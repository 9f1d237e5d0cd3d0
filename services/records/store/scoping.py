"""A caller's scope as the arrays that the list statement takes: one row per index to walk."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import Ownership
from services.records.domain.record import Filter, Section


class Kind(StrEnum):
    """By which column a reach takes records, and so which index it walks."""

    WHOLE = "whole"
    OFFICE = "office"
    ASSIGNEE = "assignee"
    CREATOR = "creator"


OF_A_PERSON: Final = frozenset({Kind.ASSIGNEE, Kind.CREATOR})
"""The kinds of reach that take what is somebody's own."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Records of one tenant, office, assignee or creator; all of each, or its public view."""

    kind: Kind
    id: UUID
    in_full: bool


@dataclass(frozen=True, slots=True)
class PrivateReach:
    """Whose private records are opened, which a reach in full then includes."""

    everywhere: bool
    offices: list[UUID]
    assignees: list[UUID]
    creators: list[UUID]


def reaches(snapshot: AccessSnapshot, section: Section, asked: Filter) -> list[Reach]:
    """Return where a section's list looks for records: the fewest and narrowest reaches that suffice for what is asked.

    Asking for one office or one assignee leads even the widest scope through that one's index.
    """
    scope = snapshot.scope(section.key("list"))
    if asked.office_id is not None:
        return list(_at_office(snapshot, scope, asked.office_id))
    if asked.assignee_id is not None and scope.unlimited:
        return [Reach(Kind.ASSIGNEE, asked.assignee_id, in_full=True)]
    if scope.unlimited:
        return [Reach(Kind.WHOLE, snapshot.tenant_id, in_full=True)]
    found = [Reach(Kind.OFFICE, office, in_full=True) for office in scope.offices]
    if scope.everything:
        found += [Reach(Kind.WHOLE, snapshot.tenant_id, in_full=False)]
    else:
        found += [Reach(Kind.OFFICE, office, in_full=False) for office in scope.public_offices - scope.offices]
    return [*found, *_of_persons(snapshot, scope)]


def private_reach(snapshot: AccessSnapshot, section: Section) -> PrivateReach:
    """Return whose private records the caller may see: the own ones, and what the section's `private.read` covers."""
    scope = snapshot.scope(section.key("private.read"))
    persons = scope.owners | {snapshot.user_id}
    return PrivateReach(
        everywhere=scope.unlimited,
        offices=list(scope.offices),
        assignees=[] if snapshot.ownership is Ownership.CREATOR else list(persons),
        creators=[] if snapshot.ownership is Ownership.ASSIGNEE else list(persons),
    )


def _at_office(snapshot: AccessSnapshot, scope: Scope, office_id: UUID) -> Iterator[Reach]:
    """Yield the reaches that may hold records of one office; those of persons are narrowed by the filter itself."""
    if scope.unlimited or office_id in scope.offices:
        yield Reach(Kind.OFFICE, office_id, in_full=True)
    else:
        if scope.everything or office_id in scope.public_offices:
            yield Reach(Kind.OFFICE, office_id, in_full=False)
        yield from _of_persons(snapshot, scope)


def _of_persons(snapshot: AccessSnapshot, scope: Scope) -> Iterator[Reach]:
    persons: Iterable[UUID] = scope.persons(snapshot.user_id)
    for person in persons:
        if snapshot.ownership is not Ownership.CREATOR:
            yield Reach(Kind.ASSIGNEE, person, in_full=True)
        if snapshot.ownership is not Ownership.ASSIGNEE:
            yield Reach(Kind.CREATOR, person, in_full=True)
