"""The access snapshot and the one rule that decides with it.

authz compiles a snapshot per user; every service decides with it in its own process. The rule stands here,
and not in a service, because authz (evaluations) and records (rows in memory) must give the same answer.
Source: the rights algebra, ADR-0006.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from services.contracts.vocabulary import Effect, OfficeId, Ownership, RecordClass, TenantId, UserId, View

_KEYS_KEPT: Final = 4_096
"""How many keys are kept taken apart: more than the catalogue has, and no more than that from askers of anything."""

WITHOUT_READ = frozenset({"read", "create", "list"})
"""What follows the section in its keys that do not presuppose that the record may be read."""

BASIC: Final[Mapping[str, RecordClass]] = {
    "list": RecordClass.READ,
    "read": RecordClass.READ,
    "update": RecordClass.WRITE,
    "identity.read": RecordClass.IDENTITY,
}
"""What follows the section in the keys that an allow of their class opens to whoever does not hold them."""

IN_BOTH_FORMS: Final = frozenset(
    {
        "listings.documents.read",
        "inquiries.documents.read",
        "imports.listings.delete",
        "imports.inquiries.delete",
        "dashboard.statistics.read",
    }
)
"""The keys of sections in the catalogue of which what follows the section is a key too."""


@dataclass(frozen=True, slots=True)
class RecordRight:
    """An entry beside a record: what it says to a user, a team or an office."""

    holder_id: UUID
    record_class: RecordClass
    effect: Effect


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What the rule must know of a record."""

    office_id: UUID
    assignee_id: UUID
    created_by: UUID
    is_private: bool
    section: str | None = None
    """Which section the record is of, where a key of another one is asked about it (`links.update` on a listing).

    None stands for the section of the key.
    """
    rights: tuple[RecordRight, ...] = ()
    """The record rights of the record, of which those count whose holder is among the user's principals."""

    def belongs_to_any(self, persons: Collection[UUID], ownership: Ownership) -> bool:
        """Say whether the record is the own one of any of these persons, as the tenant understands it."""
        assigned = ownership is not Ownership.CREATOR and self.assignee_id in persons
        return assigned or (ownership is not Ownership.ASSIGNEE and self.created_by in persons)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records a permission key reaches, with every office, region and team resolved to ids.

    `own` and `owners` always show the full view; `everything` names its own.
    """

    everything: View | None = None
    offices: frozenset[OfficeId] = frozenset()
    public_offices: frozenset[OfficeId] = frozenset()
    owners: frozenset[UserId] = frozenset()
    own: bool = False

    @property
    def is_empty(self) -> bool:
        """Say whether the scope reaches nothing, so that no query need be asked."""
        return not (self.everything or self.offices or self.public_offices or self.owners or self.own)

    @property
    def unlimited(self) -> bool:
        """Say whether the scope reaches every record in full."""
        return self.everything is View.FULL

    def persons(self, user_id: UserId) -> frozenset[UserId]:
        """Return whose own records are reached, the caller's included."""
        return self.owners | {user_id} if self.own else self.owners

    def view_of(self, record: RecordFacts, user_id: UserId, ownership: Ownership) -> View | None:
        """Return the widest view that a reach of this scope gives of the record, or None."""
        if (
            self.unlimited
            or record.office_id in self.offices
            or record.belongs_to_any(self.persons(user_id), ownership)
        ):
            return View.FULL
        if record.is_private:
            return None
        if self.everything or record.office_id in self.public_offices:
            return View.PUBLIC
        return None


NOTHING = Scope()


@dataclass(frozen=True, slots=True)
class AccessSnapshot:
    """Everything that one user may do, compiled at one version.

    `not_after` is the next instant at which something in it expires; past it the snapshot must not be used.
    """

    tenant_id: TenantId
    user_id: UserId
    version: int
    ownership: Ownership
    scopes: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    not_after: datetime | None = None
    principals: frozenset[UUID] = frozenset()
    """Whose record rights count for the user: his own, those of his teams and of his offices."""
    classes: Mapping[str, RecordClass] = field(default_factory=dict[str, RecordClass])
    """Which record rights speak about the keys that are held."""

    def is_over(self, now: datetime) -> bool:
        """Say whether something in it has expired, so that it must not be used."""
        return self.not_after is not None and now >= self.not_after

    def scope(self, key: str) -> Scope:
        """Return the reach of a permission key; an unknown key reaches nothing."""
        return self.scopes.get(key, NOTHING)

    def holds(self, key: str) -> bool:
        """Say whether the key is held at any reach, which is all that unscoped keys ask."""
        return not self.scope(key).is_empty

    def is_own(self, record: RecordFacts) -> bool:
        """Say whether the record is the user's own."""
        return record.belongs_to_any((self.user_id,), self.ownership)

    def decide(self, key: str, record: RecordFacts) -> View | None:
        """Return the view in which the user may use the key on the record, or None for refused.

        Steps 3 to 6 of the algebra. Steps 1 and 2 have happened before: identity let the user in, and
        authz left out the keys that a switch cuts. The public view has public fields only, so keys of class
        identity are granted in full view or not at all, and only on a record that is read in full view.
        """
        if not record.rights and key not in self.scopes:
            return None
        section, record_class, is_basic = self.about(key, record)
        if not self._presupposed(key, section, record_class, record):
            return None
        said = self.said(record_class, record)
        if said is Effect.DENY:
            return None
        if said is Effect.ALLOW and (is_basic or self.holds(key)):
            return View.FULL
        if record.is_private and not self._sees_private(section, record):
            return None
        view = self.scope(key).view_of(record, self.user_id, self.ownership)
        return view if suffices(view, record_class) else None

    def about(self, key: str, record: RecordFacts) -> tuple[str, RecordClass, bool]:
        """Return the record's section, the key's class, and whether an allow of the class opens the key to anybody."""
        section, basic = _basic(key, record.section)
        return section, basic or self.classes.get(key, RecordClass.NONE), basic is not None

    def said(self, record_class: RecordClass, record: RecordFacts) -> Effect | None:
        """Return what record rights say about a class of keys: the user's own first, then deny before allow."""
        if not record.rights:
            return None
        counted = {
            right.holder_id: right.effect
            for right in record.rights
            if right.record_class is record_class and right.holder_id in self.principals
        }
        return counted.get(self.user_id) or max(counted.values(), key=_strength, default=None)

    def _presupposed(self, key: str, section: str, record_class: RecordClass, record: RecordFacts) -> bool:
        """Say whether the record is read in a view in which the key can be used."""
        read = presupposed(key, section)
        return read is None or suffices(self.decide(read, record), record_class)

    def _sees_private(self, section: str, record: RecordFacts) -> bool:
        return (
            self.is_own(record)
            or self.said(RecordClass.READ, record) is Effect.ALLOW
            or self.scope(f"{section}.private.read").view_of(record, self.user_id, self.ownership) is not None
        )


@lru_cache(_KEYS_KEPT)
def presupposed(key: str, section: str) -> str | None:
    """Return the key without which the one in question is of no use on a record of the section; None needs none."""
    named, _, action = key.partition(".")
    return f"{section}.read" if named != section or action not in WITHOUT_READ else None


@lru_cache(_KEYS_KEPT)
def _basic(key: str, of: str | None) -> tuple[str, RecordClass | None]:
    """Return the section that a key is asked about, and the class whose allow opens the key there to anybody."""
    named, _, action = key.partition(".")
    section = of or named
    return section, BASIC.get(action) if named == section else None


def key_of(section: str, action: str, is_key: Callable[[str], bool]) -> str:
    """Return the permission key that an action on something of a section stands for: its own one goes first.

    So `documents.read` of a listing is `listings.documents.read` to everybody. What is no key at all is of the section.
    """
    own = action if action.startswith(f"{section}.") else f"{section}.{action}"
    return own if is_key(own) or not is_key(action) else action


def suffices(view: View | None, record_class: RecordClass) -> bool:
    """Say whether keys of a class mean anything in a view: the public one shows nothing of class identity."""
    return view is View.FULL or (view is View.PUBLIC and record_class is not RecordClass.IDENTITY)


def _strength(effect: Effect) -> int:
    return 1 if effect is Effect.DENY else 0
