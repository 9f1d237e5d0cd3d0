"""Addresses that gave mail back: kept as digests, per address and not per person, and never for ever."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.contracts.vocabulary import TenantId


class Severity(StrEnum):
    """`hard`: the address is not there. `soft`: it could not take the mail this time."""

    SOFT = "soft"
    HARD = "hard"


_PERMANENT, _ADDRESSING, _POLICY, _CLOSED = 5, 1, 7, (2, 1)
SOFT_LIMIT: Final = 3
"""How many soft bounces in a row keep mail from an address."""
LASTS: Final = {Severity.HARD: timedelta(days=90), Severity.SOFT: timedelta(days=3)}
"""How long an address is left alone: mailboxes are emptied within days, and come back within months."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is known of an address that gave mail back; `code` is the last status, such as `5.1.1` or `550`."""

    severity: Severity
    code: str
    bounces: int
    last_bounce_at: datetime
    expires_at: datetime

    @property
    def in_force(self) -> bool:
        """Say whether it keeps mail back while it lasts."""
        return self.severity is Severity.HARD or self.bounces >= SOFT_LIMIT


def digest_of(tenant_id: TenantId, address: str) -> bytes:
    """Return what stands for an address; upper and lower case are one address, agencies share nothing."""
    return hashlib.sha256(tenant_id.bytes + address.strip().casefold().encode()).digest()


def severity_of(status: str) -> Severity | None:
    """Return what an enhanced status code says of the address, None for what is not about it (RFC 3463).

    A full mailbox is soft, a policy against the mail says nothing, an address that is not there or closed is hard.
    """
    kind, subject, detail = (int(part) for part in status.split("."))
    if subject == _POLICY:
        return None
    return (
        Severity.HARD
        if kind == _PERMANENT and (subject == _ADDRESSING or (subject, detail) == _CLOSED)
        else Severity.SOFT
    )
