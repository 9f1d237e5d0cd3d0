"""Words that mean the same thing in every service."""

from enum import StrEnum
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", UUID)
UserId = NewType("UserId", UUID)
OfficeId = NewType("OfficeId", UUID)
RegionId = NewType("RegionId", UUID)
TeamId = NewType("TeamId", UUID)
SessionId = NewType("SessionId", UUID)
ListingId = NewType("ListingId", UUID)
InquiryId = NewType("InquiryId", UUID)
ContactId = NewType("ContactId", UUID)


class UserState(StrEnum):
    """Where an account is in its life (MG-9, AM-16, MG-28). Only `active` users sign in and take a seat.

    `expired` is identity's own: a set that travels in events cannot grow, so the others are told `suspended`.
    """

    PROVISIONED = "provisioned"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    GHOST = "ghost"
    EXPIRED = "expired"


class UserKind(StrEnum):
    """What a person is to the agency; a technician comes from outside and always leaves again (AM-12)."""

    COLLEAGUE = "colleague"
    EXTERNAL_TECHNICIAN = "external_technician"


class Ownership(StrEnum):
    """Which person on a record makes it somebody's *own*; each tenant chooses."""

    ASSIGNEE = "assignee"
    CREATOR = "creator"
    EITHER = "either"


class View(StrEnum):
    """How much of a record a reach shows: `public` means public fields only and no private records."""

    PUBLIC = "public"
    FULL = "full"


class RecordClass(StrEnum):
    """Which entry of a record right speaks about a permission key; about `none` keys, none does."""

    READ = "read"
    WRITE = "write"
    IDENTITY = "identity"
    NONE = "none"


class Effect(StrEnum):
    """What an entry of a record right says; one that says nothing (inherit) is not there."""

    ALLOW = "allow"
    DENY = "deny"
