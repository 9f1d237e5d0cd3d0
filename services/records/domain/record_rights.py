"""Entries beside a record: what they say, how they change, and what they do to somebody's access."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.chassis.problems import FieldError, Forbidden, Invalid
from services.contracts.access import BASIC, AccessSnapshot, RecordFacts, RecordRight, suffices
from services.contracts.authz_api import DecidingGrant, DecidingSource
from services.contracts.vocabulary import Effect, RecordClass, UserId, View

READ: Final = "record_rights.read"
UPDATE: Final = "record_rights.update"
ADMINISTRATION: Final = ("admin.agents.manage", "admin.permissions.manage")


class GivesMoreThanHeld(Forbidden):
    code = "grants_more_than_held"
    title = "You cannot open on a record what you may not do there yourself."


class TwoKinds(Invalid):
    code = "two_kinds"
    title = "The same id cannot be a user, a team and an office."


class HolderKind(StrEnum):
    USER = "user"
    TEAM = "team"
    OFFICE = "office"


class Cause(StrEnum):
    """Why the entries of a record changed."""

    SET = "set"
    STAMP = "stamp"
    MASS_UPDATE = "mass_update"
    HOLDER_REMOVED = "holder_removed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why entries change, and which stamp was set where one was named."""

    cause: Cause
    stamp_id: UUID | None = None


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """Whom an entry speaks about."""

    kind: HolderKind
    id: UUID


Slot = tuple[Holder, RecordClass]
Entries = Mapping[Slot, Effect]
"""What a record says; who and what is not there inherits."""


def rights_of(entries: Entries) -> tuple[RecordRight, ...]:
    """Return entries as the rule of access reads them."""
    return tuple(RecordRight(holder.id, each, effect) for (holder, each), effect in entries.items())


def merged(entries: Entries, changes: Mapping[Slot, Effect | None]) -> Entries:
    """Return entries with some of them set; None resets one to what is inherited."""
    after = {**entries, **changes}
    return {slot: effect for slot, effect in after.items() if effect is not None}


def without(entries: Entries, holder_id: UUID) -> Entries:
    """Return entries without those of one holder; which kind of holder they call him does not count."""
    return {slot: effect for slot, effect in entries.items() if slot[0].id != holder_id}


def check_kinds(entries: Entries) -> None:
    """Refuse an id that stands there as two kinds of holder: the rule of access compares ids only. Raises TwoKinds."""
    holders = {slot[0] for slot in entries}
    if len({holder.id for holder in holders}) < len(holders):
        raise TwoKinds(errors=[FieldError("/entries", TwoKinds.code, TwoKinds.title)])


def reaches_panel(snapshot: AccessSnapshot, facts: RecordFacts) -> bool:
    """Say whether the record's entries may be changed: by whoever's `record_rights.update` reaches it in full view.

    The key presupposes that the record may be read, which is asked also as if no record right were there, so that a
    denial can be taken back.
    """
    return any(snapshot.decide(UPDATE, each) is View.FULL for each in (facts, replace(facts, rights=())))


def may_look(snapshot: AccessSnapshot, facts: RecordFacts) -> bool:
    """Say whether the record's entries may be looked at: by whoever may change them or `record_rights.read` lets.

    Entries are nothing that the public view shows.
    """
    return snapshot.decide(READ, facts) is View.FULL or reaches_panel(snapshot, facts)


def gained_and_lost(
    snapshot: AccessSnapshot, before: RecordFacts, after: RecordFacts
) -> tuple[Sequence[str], Sequence[str]]:
    """Return the keys that a person gains and loses on a record when its entries change; a wider view is a gain."""
    keys = sorted({*keys_about(snapshot, before), *keys_about(snapshot, after)})
    views = [(key, snapshot.decide(key, before), snapshot.decide(key, after)) for key in keys]
    return (
        [key for key, was, is_ in views if is_wider(is_, was)],
        [key for key, was, is_ in views if is_wider(was, is_)],
    )


def is_wider(view: View | None, than: View | None) -> bool:
    """Say whether a view shows more than another; None shows nothing."""
    return view is not than and view is not None and than is not View.FULL


def named_users(before: Entries, after: Entries) -> frozenset[UserId]:
    """Return the users about whom entries differ; who is in a team or office about which they do is not known here."""
    differing = {
        holder for holder, each in {*before, *after} if before.get((holder, each)) != after.get((holder, each))
    }
    return frozenset(UserId(holder.id) for holder in differing if holder.kind is HolderKind.USER)


def check_delegation(snapshot: AccessSnapshot, facts: RecordFacts, before: Entries, after: Entries) -> None:
    """Refuse to allow others what one may not do oneself; administrators excepted. Raises GivesMoreThanHeld."""
    if all(snapshot.scope(key).unlimited for key in ADMINISTRATION):
        return
    given = {slot[1] for slot, effect in after.items() if effect is Effect.ALLOW and before.get(slot) != effect}
    beyond = [
        key
        for key, each in basic_keys(facts)
        if each in given and not key.endswith(".list") and snapshot.decide(key, facts) is not View.FULL
    ]
    if beyond:
        raise GivesMoreThanHeld(f"You may not do so much here yourself: {', '.join(beyond)}.")


def basic_keys(facts: RecordFacts) -> Sequence[tuple[str, RecordClass]]:
    """Return the keys that an allow opens to anybody, with their class."""
    return [(f"{facts.section}.{action}", each) for action, each in BASIC.items()]


class Decider(StrEnum):
    """What kind of thing made an answer what it is."""

    STATE = "state"
    SWITCH = "switch"
    RECORD_RIGHT = "record_right"
    READ = "read"
    PRIVATE = "private"
    REACH = "reach"
    NOTHING = "nothing"


_BEFORE_RIGHTS: Final = frozenset({Decider.STATE, Decider.SWITCH})
"""What refuses a key before anybody looks at rights: only authz knows of it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer, what decided it, and what the answer would be without any record right."""

    key: str
    view: View | None
    decided_by: Decider
    record_class: RecordClass
    inherited: View | None
    grant: DecidingGrant | None
    """What lets it pass, where a reach decided."""

    @property
    def starred(self) -> bool:
        """Say whether record rights made a difference (ON-18, ON-20)."""
        return self.view is not self.inherited


def explain(
    snapshot: AccessSnapshot, facts: RecordFacts, sources: Mapping[str, DecidingSource]
) -> Sequence[Explanation]:
    """Return what somebody may do with a record, key by key, and why; `sources` are authz's word on each key."""
    keys = sorted({*keys_about(snapshot, facts), *sources})
    return [_explained(snapshot, key, facts, sources.get(key)) for key in keys]


def keys_about(snapshot: AccessSnapshot, facts: RecordFacts) -> Sequence[str]:
    """Return the keys of the record's section that a person holds or that an allow could open."""
    held = {key for key in snapshot.classes if key.startswith(f"{facts.section}.")}
    return sorted(held | {key for key, _ in basic_keys(facts)})


def _explained(snapshot: AccessSnapshot, key: str, facts: RecordFacts, source: DecidingSource | None) -> Explanation:
    inherited = snapshot.decide(key, replace(facts, rights=()))
    view = snapshot.decide(key, facts)
    each = snapshot.about(key, facts)[1] if source is None else source.record_class
    if view is None and source is not None and source.decided_by in _BEFORE_RIGHTS:
        return Explanation(key, view, Decider(source.decided_by), each, inherited, None)
    decider = _decider(snapshot, key, facts, each, view)
    grant = source.grant if source is not None and decider is Decider.REACH else None
    return Explanation(key, view, decider, each, inherited, grant)


def _decider(
    snapshot: AccessSnapshot, key: str, facts: RecordFacts, record_class: RecordClass, view: View | None
) -> Decider:
    read = f"{facts.section}.read"
    presupposed = key not in {read, f"{facts.section}.list"}
    said = snapshot.said(record_class, facts)
    if presupposed and not suffices(snapshot.decide(read, facts), record_class):
        return Decider.READ
    if said is not None and (said is Effect.DENY or view is View.FULL):
        return Decider.RECORD_RIGHT
    if view is not None:
        return Decider.REACH
    if facts.is_private and snapshot.decide(key, replace(facts, is_private=False)) is not None:
        return Decider.PRIVATE
    return Decider.NOTHING


def deciding_entries(snapshot: AccessSnapshot, record_class: RecordClass, entries: Iterable[Slot]) -> Sequence[Slot]:
    """Return the entries that decided about a class: the person's own, else those of his teams and offices."""
    counted = [slot for slot in entries if slot[1] is record_class and slot[0].id in snapshot.principals]
    own = [slot for slot in counted if slot[0].id == snapshot.user_id]
    return own or counted
