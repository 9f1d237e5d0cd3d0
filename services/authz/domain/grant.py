"""A grant, and which grants are sound."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.reach import NAMING, PERSONAL, Reach
from services.chassis.problems import FieldError, Invalid
from services.contracts.vocabulary import View


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission key with whose records it reaches, and how much of them is seen. The holder stands elsewhere."""

    key: str
    reach: Reach
    reach_id: UUID | None = None
    view: View = View.FULL
    expires_at: datetime | None = None

    @property
    def identity(self) -> tuple[str, Reach, UUID | None, View]:
        """Return what makes it the same grant: everything but how long it lasts."""
        return self.key, self.reach, self.reach_id, self.view


@dataclass(frozen=True, slots=True)
class Named:
    """An id that a grant names, with what it is the id of."""

    reach: Reach
    id: UUID


def named_in(grants: Iterable[Grant]) -> frozenset[Named]:
    """Return what the grants name by id."""
    return frozenset(Named(grant.reach, grant.reach_id) for grant in grants if grant.reach_id is not None)


def downgraded(regional: Iterable[Grant], held: Iterable[Grant]) -> list[Grant]:
    """Return what to grant instead of rights over a region: over the own offices, unless that is held as long."""
    lasting = {grant.identity: grant for grant in held}
    wanted = (replace(grant, reach=Reach.PRINCIPAL) for grant in regional)
    return [
        grant
        for grant in wanted
        if (present := lasting.get(grant.identity)) is None or outlasts(grant.expires_at, present.expires_at)
    ]


def outlasts(end: datetime | None, other: datetime | None) -> bool:
    """Say whether what ends at one instant lasts longer than what ends at another; None never ends."""
    return other is not None and (end is None or end > other)


def check_grants(grants: Sequence[Grant], catalogue: Catalogue, known: frozenset[Named], under: str = "") -> None:
    """Refuse grants that the catalogue does not offer, or that name what the agency does not have.

    They stand in the member `grants` of the document, or of what is `under` this pointer. Raises Invalid.
    """
    errors = list[FieldError]()
    seen = set[tuple[str, Reach, UUID | None, View]]()
    for at, grant in enumerate(grants):
        errors += _wrong_key(at, grant, catalogue) or [*_wrong_id(at, grant, known), *_wrong_view(at, grant, catalogue)]
        if grant.identity in seen:
            errors.append(FieldError(f"/grants/{at}", "grant_twice", f"{grant.key} is granted twice at this reach."))
        seen.add(grant.identity)
    if errors:
        raise Invalid(errors=[replace(error, pointer=under + error.pointer) for error in errors])


def _wrong_key(at: int, grant: Grant, catalogue: Catalogue) -> list[FieldError]:
    permission = catalogue.get(grant.key)
    if permission is None:
        return [FieldError(f"/grants/{at}/key", "unknown_permission", f"There is no permission {grant.key}.")]
    if grant.reach not in permission.reaches:
        detail = f"{grant.key} cannot be granted at {grant.reach}, only at {', '.join(permission.reaches)}."
        return [FieldError(f"/grants/{at}/reach", "reach_not_allowed", detail)]
    return []


def _wrong_id(at: int, grant: Grant, known: frozenset[Named]) -> list[FieldError]:
    pointer, needed = f"/grants/{at}/reach_id", grant.reach in NAMING
    if grant.reach_id is None:
        detail = f"The reach {grant.reach} needs the id of the {grant.reach}."
        return [FieldError(pointer, "reach_id_missing", detail)] if needed else []
    if not needed:
        return [FieldError(pointer, "reach_id_not_allowed", f"The reach {grant.reach} names nobody by id.")]
    if Named(grant.reach, grant.reach_id) not in known:
        return [FieldError(pointer, f"unknown_{grant.reach}", f"There is no such {grant.reach}.")]
    return []


def _wrong_view(at: int, grant: Grant, catalogue: Catalogue) -> list[FieldError]:
    if grant.view is View.FULL:
        return []
    if grant.reach in PERSONAL:
        detail = f"The reach {grant.reach} always shows the full view."
    elif not catalogue[grant.key].scoped:
        detail = f"{grant.key} is not about records, of which a public part could be shown."
    else:
        return []
    return [FieldError(f"/grants/{at}/view", "public_view_not_allowed", detail)]
