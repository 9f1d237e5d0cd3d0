"""Who changed rights, when, and why: what the past of every right says."""

from dataclasses import dataclass
from datetime import datetime

from services.contracts.vocabulary import UserId


@dataclass(frozen=True, slots=True)
class Signature:
    """Stands under each right that begins or ends. Nobody (`by` None) did what came with events or by itself."""

    by: UserId | None
    at: datetime
    reason: str | None = None
