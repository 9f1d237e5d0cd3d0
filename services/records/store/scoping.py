"""A caller's scope as the arrays that the list statement takes: one branch of it per kind of reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import Ownership
from services.records.domain.listing import LIST, ListingFilter

PRIVATE_READ = "listings.private.read"


@dataclass(frozen=True, slots=True)
class Branches:
    """Where to look for listings. What a branch finds in the full view includes private ones that `opens_…` cover."""

    whole: bool
    whole_in_full: bool
    offices: list[UUID]
    offices_in_full: list[bool]
    assignees: list[UUID]
    creators: list[UUID]
    opens_all: bool
    opens_offices: list[UUID]
    opens_assignees: list[UUID]
    opens_creators: list[UUID]


def branches(snapshot: AccessSnapshot, asked: ListingFilter) -> Branches:
    """Return the branches of the list scope, the fewest and narrowest that suffice for what is asked.

    Asking for one office or one assignee leads even the widest scope through that one's index.
    """
    scope, private = snapshot.scope(LIST), snapshot.scope(PRIVATE_READ)
    whole = scope.everything is not None
    offices = dict[UUID, bool](dict.fromkeys(scope.public_offices, False)) | dict.fromkeys(scope.offices, True)
    assignees, creators = _as_owners(scope.persons(snapshot.user_id), snapshot.ownership)
    if scope.unlimited:
        offices, assignees, creators = {}, [], []
    if asked.office_id is not None:
        in_full = scope.unlimited or offices.get(asked.office_id, False)
        offices = {asked.office_id: in_full} if whole or asked.office_id in offices else {}
        whole = False
    elif asked.assignee_id is not None and scope.unlimited:
        assignees, whole = [asked.assignee_id], False
    opens_assignees, opens_creators = _as_owners(private.owners | {snapshot.user_id}, snapshot.ownership)
    return Branches(
        whole=whole,
        whole_in_full=scope.unlimited,
        offices=list(offices),
        offices_in_full=list(offices.values()),
        assignees=assignees,
        creators=creators,
        opens_all=private.unlimited,
        opens_offices=list(private.offices),
        opens_assignees=opens_assignees,
        opens_creators=opens_creators,
    )


def _as_owners(persons: Iterable[UUID], ownership: Ownership) -> tuple[list[UUID], list[UUID]]:
    """Return whose listings are meant by their assignee, and whose by their creator."""
    people = list(persons)
    return (
        people if ownership is not Ownership.CREATOR else [],
        people if ownership is not Ownership.ASSIGNEE else [],
    )
