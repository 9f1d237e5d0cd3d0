"""Changing when and from where people get in: counted before, at once in running sessions."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.chassis import outbox
from services.chassis.database import Database, Transaction
from services.chassis.problems import Stale
from services.contracts.identity_events import UserAccessPolicyChanged, UserStateChanged
from services.contracts.vocabulary import TenantId, UserId, UserKind, UserState
from services.identity.adapters.authz_administrators import Administrators
from services.identity.domain.access_policy import (
    AccessPolicy,
    Address,
    Levels,
    NotConfirmed,
    Source,
    must_let_in,
    opens_from,
    survives,
    until,
)
from services.identity.domain.audit import AuditKind
from services.identity.domain.licence import Licence, take_seat
from services.identity.domain.session import ACCESS_LIFETIME, UNAWARE
from services.identity.operations.audit import note
from services.identity.operations.standing_down import must_still_be_in, standing_down, tell_again
from services.identity.operations.users import end_sessions
from services.identity.store import access_policies, admissions, licences, second_factors, users

TOLD_AT_ONCE: Final = 500
Write = Callable[[Transaction], Awaitable[None]]
People = Callable[[Transaction], Awaitable[Sequence[UserId]]]


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change, and from where."""

    user_id: UserId
    address: Address


@dataclass(frozen=True, slots=True)
class Change:
    """A change of some level of the policy, or of the agency's time zone: whom it may concern, how it is written."""

    source: Source | None
    """None for a network zone, which any level may name."""
    author: Author
    people: People
    write: Write
    dry_run: bool = False
    confirmed_users: int | None = None
    must_be_confirmed: bool = False
    """Whether its author has to name how many people it concerns, if it concerns any."""


@dataclass(frozen=True, slots=True)
class Impact:
    """Whom a change concerns, and how many sessions it ends."""

    affected_users: int
    ended_sessions: int


@dataclass(slots=True)
class _Outcome:
    affected: Sequence[UserId]
    ended_sessions: int = 0
    ending: dict[UserId, int] = field(default_factory=dict[UserId, int])
    """Active people, with their versions, who had no end before and now have one."""
    shut_out: Mapping[UserId, int] = field(default_factory=dict[UserId, int])
    """Active people, with their versions, who could get in from where the author is, and now cannot."""


class _UndoneError(Exception):
    def __init__(self, outcome: _Outcome) -> None:
        super().__init__()
        self.outcome = outcome


async def enact(
    db: Database, administrators: Administrators, tenant_id: TenantId, change: Change, now: datetime
) -> Impact:
    """Carry out a change, or only count what it would do.

    It is rehearsed first, in a transaction that is undone: that is the count, and says of whom authz must be asked:
    who leaves by himself one day, and which administrator gets in no longer from where the author is. Another one must
    stay; who is only kept out from here counts again afterwards.
    Raises what writing it raises, NotConfirmed, LocksYouOut, LastAdministrator, SeatsExhausted, Stale, SessionOver.
    """
    outcome = await _rehearsed(db, tenant_id, change, now)
    if not change.dry_run:
        _check_confirmed(change, outcome)
        rehearsed, limited = outcome, await _administrators(administrators, tenant_id, outcome.shut_out)
        async with (
            standing_down(db, administrators, tenant_id, {**outcome.ending, **limited}, now),
            db.transaction(tenant_id) as tx,
        ):
            outcome = await _carried_out(tx, change, now)
            _check_confirmed(change, outcome)
            if not (
                outcome.ending.items() <= rehearsed.ending.items()
                and outcome.shut_out.items() <= rehearsed.shut_out.items()
            ):
                raise Stale
            for person in limited:
                await tell_again(tx, person)
    return Impact(len(outcome.affected), outcome.ended_sessions)


async def _administrators(
    administrators: Administrators, tenant_id: TenantId, people: Mapping[UserId, int]
) -> Mapping[UserId, int]:
    """Return those of these people who are administrators; authz is not asked about nobody."""
    every = await administrators.every(tenant_id) if people else frozenset[UserId]()
    return {person: version for person, version in people.items() if person in every}


async def _rehearsed(db: Database, tenant_id: TenantId, change: Change, now: datetime) -> _Outcome:
    try:
        async with db.transaction(tenant_id) as tx:
            raise _UndoneError(await _carried_out(tx, change, now))  # noqa: TRY301 leaving by it undoes everything
    except _UndoneError as undone:
        return undone.outcome


def _check_confirmed(change: Change, outcome: _Outcome) -> None:
    affected = len(outcome.affected)
    if change.must_be_confirmed and affected and change.confirmed_users != affected:
        raise NotConfirmed(f"This concerns {affected} people; confirm that number.")


async def _carried_out(tx: Transaction, change: Change, now: datetime) -> _Outcome:
    licence = await licences.get(tx, lock=True)
    await must_still_be_in(tx)
    people = await change.people(tx)
    before = await access_policies.of_people(tx, people)
    await change.write(tx)
    after = await access_policies.of_people(tx, people)
    zone = ZoneInfo((await licences.get(tx)).timezone)
    is_moved = zone.key != licence.timezone
    outcome = _Outcome(
        [person for person in people if _concerns(before[person].policy, after[person].policy, is_moved=is_moved)]
    )
    author = change.author.user_id
    standing = after if author in after else await access_policies.of_people(tx, [author])
    must_let_in(standing[author].policy, now, change.author.address)  # so two cannot shut each other out at once
    here = change.author.address
    kept_out = [
        person
        for person in outcome.affected
        if opens_from(before[person].policy, here) and not opens_from(after[person].policy, here)
    ]
    outcome.shut_out = await users.active_versions(tx, kept_out) if kept_out else {}
    for person in outcome.affected:
        ended_before, ends_after = before[person].policy.ends_at, after[person].policy.ends_at
        if ended_before != ends_after:
            await _move_end(tx, licence, person, ended_before, now, outcome)
    await _review_sessions(tx, zone, after, now, outcome)
    source = change.source.value if change.source else "zone"
    told = [outcome.affected[at : at + TOLD_AT_ONCE] for at in range(0, len(outcome.affected), TOLD_AT_ONCE)]
    await outbox.add(tx, *(UserAccessPolicyChanged(user_ids=tuple(some), source=source) for some in told))
    return outcome


def _concerns(before: AccessPolicy, after: AccessPolicy, *, is_moved: bool) -> bool:
    """Say whether a change concerns somebody: by what holds for him, or by the time zone in which his hours are."""
    return before != after or (is_moved and after.hours is not None)


async def _move_end(
    tx: Transaction, licence: Licence, person: UserId, before: datetime | None, now: datetime, outcome: _Outcome
) -> None:
    """Tell of a person's end, bring him back if it is later now, and note whose end is new, at the version before."""
    user = await users.get(tx, person)
    if before is None and user.state is UserState.ACTIVE:
        outcome.ending[person] = user.version
    if user.state is UserState.EXPIRED and (user.ends_at is None or user.ends_at > now):
        if user.kind is UserKind.COLLEAGUE:
            take_seat(licence, await users.count_active(tx))
        back = replace(user, state=UserState.ACTIVE, version=user.version + 1)
        await users.save(tx, back)
        await note(tx, AuditKind.USER_STATE_CHANGED, person, user, back)
        await outbox.add(tx, UserStateChanged(user=back.facts()))
    else:
        await tell_again(tx, person)


async def _review_sessions(
    tx: Transaction, zone: ZoneInfo, levels: Mapping[UserId, Levels], now: datetime, outcome: _Outcome
) -> None:
    """End the running sessions whose tokens open more than is allowed now; cut the others to the new end.

    Whoever is to have a second factor and has none is led to set one up by signing in again.
    """
    demanded = [person for person in outcome.affected if levels[person].policy.second_factor]
    lacking = await second_factors.lacking(tx, demanded) if demanded else frozenset[UserId]()
    for person, running in (await admissions.running(tx, outcome.affected, now)).items():
        policy = levels[person].policy
        going_on = [
            one
            for one, held in running.items()
            if person not in lacking and survives(held, policy, now, zone, ACCESS_LIFETIME + UNAWARE)
        ]
        ended = [await end_sessions(tx, person, now, one) for one in running if one not in going_on]
        end = until(policy, now, zone)
        if end is not None and going_on:
            await admissions.shorten(tx, going_on, end)
        outcome.ended_sessions += sum(ended)
