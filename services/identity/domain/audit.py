"""The audit trail: what is noted of a change. Secrets are no members of what is noted, so none can get in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, cast
from uuid import UUID

from services.contracts.vocabulary import SessionId

Facts = Mapping[str, object]
_BOOKKEEPING: Final = frozenset({"version"})


class AuditKind(StrEnum):
    """What happened to what. The subject is what stands before the dot, named by its id."""

    LICENCE_CREATED = "licence.created"
    LICENCE_CHANGED = "licence.changed"
    OFFICE_CREATED = "office.created"
    OFFICE_CHANGED = "office.changed"
    REGION_CREATED = "region.created"
    REGION_CHANGED = "region.changed"
    REGION_REMOVED = "region.removed"
    TEAM_CREATED = "team.created"
    TEAM_CHANGED = "team.changed"
    TEAM_REMOVED = "team.removed"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_STATE_CHANGED = "user.state_changed"
    USER_ASSIGNED = "user.assigned"
    SUB_ACCOUNT_GRANTED = "sub_account.granted"
    SUB_ACCOUNT_REVOKED = "sub_account.revoked"
    USER_INVITED = "user.invited"
    CARD_CHANGED = "card.changed"
    PHOTO_CHANGED = "photo.changed"
    PHOTO_REMOVED = "photo.removed"
    ACCESS_POLICY_CHANGED = "access_policy.changed"
    ACCESS_TEMPLATE_CREATED = "access_template.created"
    ACCESS_TEMPLATE_CHANGED = "access_template.changed"
    ACCESS_TEMPLATE_REMOVED = "access_template.removed"
    ZONE_CREATED = "zone.created"
    ZONE_CHANGED = "zone.changed"
    ZONE_REMOVED = "zone.removed"
    SIGN_IN_SETTINGS_CHANGED = "sign_in_settings.changed"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 a happening
    PASSWORD_RESET_SENT = "password.reset_sent"  # noqa: S105 a happening
    SECOND_FACTOR_ADDED = "second_factor.added"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    RECOVERY_CODES_RENEWED = "recovery_codes.renewed"
    SESSIONS_ENDED = "sessions.ended"
    SUPPORT_CONSENT_GIVEN = "support_consent.given"
    SUPPORT_CONSENT_REVOKED = "support_consent.revoked"
    USER_IMPERSONATED = "user.impersonated"
    MACHINE_TOKEN_ISSUED = "machine_token.issued"  # noqa: S105 a happening
    MACHINE_TOKEN_REVOKED = "machine_token.revoked"  # noqa: S105 a happening


class AuthorKind(StrEnum):
    """What kind of author a change has."""

    PERSON = "person"
    MACHINE = "machine"
    """A directory with a token of its own; the actor is the token. A machine that acts for a person is that person."""
    OPERATOR = "operator"
    SYSTEM = "system"
    """A job, or a rule that was kept: an end that came, a policy, a refresh token in two hands."""


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who makes a change, when, from where and why."""

    author: AuthorKind
    actor_id: UUID | None
    session_id: SessionId | None
    at: datetime
    address: str | None = None
    request_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a subject: the members that differ, as they were and as they are. Created: no before."""

    kind: AuditKind
    subject_id: UUID
    before: Facts | None
    after: Facts | None


def differing(before: object | None, after: object | None) -> tuple[Facts | None, Facts | None]:
    """Return what two states of the same thing differ in; all of the one where there is no other."""
    was, is_now = _facts(before), _facts(after)
    if was is None or is_now is None:
        return was, is_now
    names = [name for name in {**was, **is_now} if was.get(name) != is_now.get(name)]
    return {name: was.get(name) for name in names}, {name: is_now.get(name) for name in names}


def _facts(thing: object | None) -> Facts | None:
    if thing is None:
        return None
    return {name: value for name, value in _members(thing) if name not in _BOOKKEEPING}


def _members(thing: object) -> Iterable[tuple[str, object]]:
    if isinstance(thing, Mapping):
        return cast("Facts", thing).items()
    if is_dataclass(thing):
        return [(one.name, getattr(thing, one.name)) for one in fields(thing)]
    raise TypeError(f"no facts are known of a {type(thing).__name__}")
