"""Agencies' own words for a mail: which words each mail has, and what cannot be left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.chassis.problems import Invalid
from services.notifications.domain.delivery import Template
from services.notifications.domain.letter import Wording

_ALWAYS: Final = frozenset({"agency", "display_name", "sign_in_url"})
_LINKED: Final = _ALWAYS | {"url", "licence_code", "userid", "valid_until"}
WORDS: Final[Mapping[Template, frozenset[str]]] = {
    Template.ACTIVATION: _LINKED,
    Template.PASSWORD_RESET: _LINKED,
    Template.PASSWORD_CHANGED: _ALWAYS | {"at"},
    Template.SECOND_FACTOR_CHANGED: _ALWAYS | {"at", "in_use"},
    Template.NEW_DEVICE: _ALWAYS | {"at", "address"},
    Template.ACCOUNT_EXPIRING: _ALWAYS | {"expires_at"},
    Template.TECHNICIAN_EXPIRING: _ALWAYS | {"expires_at", "technician"},
    Template.DIGEST: _ALWAYS | {"day", "appointments"},
    **dict.fromkeys(
        (Template.APPOINTMENT_INVITED, Template.APPOINTMENT_CHANGED, Template.APPOINTMENT_CANCELLED),
        _ALWAYS | {"summary", "organizer", "starts", "ends", "timezone"},
    ),
    Template.MATCH: _ALWAYS | {"listing_number", "searcher_number"},
    Template.WEEKLY_REPORT: _ALWAYS
    | {"first_day", "last_day", "sign_ins", "people", "refused", "seats_taken", "seats", "accounts"},
    Template.MESSAGE: _ALWAYS | {"subject", "text"},
}
"""What a wording of each mail may name."""
EXAMPLES: Final[Mapping[str, object]] = {
    "agency": "Casa Bella",
    "display_name": "Anna Rossi",
    "url": "https://example.test/activate#token=example",
    "licence_code": "CASA-1",
    "userid": "anna.rossi",
    "valid_until": "25/11/2026 alle 09:00",
    "expires_at": "29/11/2026",
    "technician": "Tomasz Nowak",
    "at": "22/11/2026 alle 08:30",
    "address": "192.0.2.7",
    "day": "22/11/2026",
    "appointments": [{"starts": "09:00", "ends": "10:00", "summary": "Sopralluogo"}],
    "in_use": "yes",
    "summary": "Sopralluogo",
    "organizer": "Bruno Verdi",
    "starts": "25/11/2026 09:00",
    "ends": "10:00",
    "timezone": "Europe/Rome",
    "listing_number": "V-318",
    "searcher_number": "R-1042",
    "first_day": "16/11/2026",
    "last_day": "22/11/2026",
    "sign_ins": 42,
    "people": 7,
    "refused": 3,
    "seats_taken": 7,
    "seats": 8,
    "accounts": [{"name": "Tomasz Nowak", "day": "29/11/2026"}],
    "subject": "Riunione",
    "text": "Primo paragrafo.\n\nSecondo paragrafo.",
}
"""What a preview fills in."""


class WordingNotUsable(Invalid):
    code = "wording_not_usable"
    title = "A letter cannot be written with this wording."


@dataclass(frozen=True, slots=True)
class KeptWording:
    """An agency's own words for a mail in one language."""

    template: Template
    language: str
    wording: Wording
    version: int


def must_mention(template: Template) -> frozenset[str]:
    """Return the words without which the mail would be of no use."""
    return WORDS[template] & {"url", "text"}
