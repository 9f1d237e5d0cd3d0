"""Questions to every route of records that answers about records, as somebody without rights to identity data asks.

A question may change something, and is then asked of both agencies. Changes of a version name one that is long gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

SECTIONS: Final = {"listings": "listing", "inquiries": "inquiry", "contacts": "contact"}
RECORDS: Final = 8
"""Of each section; what is done to a record for good is done to the last two."""
SPENT: Final = (6, 7)
Key = tuple[str, str]
"""Method and path of a route."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked besides the path: `@…` in either names an id. `file` is sent instead of a document."""

    query: str = ""
    body: Any = None
    file: bytes | None = None
    spends: bool = False


Asks = Sequence[Ask]

SEARCHED: Final = (
    *("", "q=neri", "q=wisniewska", "q=villa", "q=via", "q=giulia", "q=rings", "q=0583"),
    *("assignee_id=@bruno", "office_id=@centre", "owner_name=Neri", "street=Neri", "q=villa&limit=2&sort=number"),
    *("limit=3&sort=-created_at", "limit=1", "sort=owner_name"),
    *("is_private=true", "no_commission=true", "standard_status=archived,active", "rooms_min=1", "rooms=3"),
    *("updated_since=2026-01-01T00:00:00Z", "living_area_min_m2=80&rooms_max=4", "superoffer=false"),
)
CHANGES: Final[Sequence[dict[str, Any]]] = (
    {"identity": {"owner_name": "Neri 0"}},
    {"identity": {"client_name": "Neri 0"}},
    {"identity": {"city": "Neri"}, "language": "it"},
    {"private_note": {"text": "Neri rings twice."}},
    {"rooms_min": 1},
    {"title": "Villa"},
    {"language": "pl"},
)
ENTRY: Final = {"holder_kind": "user", "holder_id": "@carla", "record_class": "read", "effect": "allow"}
ENTRIES: Final = {"entries": [ENTRY]}
BY_DATE: Final = {"at": "2100-01-01T00:00:00Z"}
WHEN: Final = {"timezone": "UTC", "starts_local": "2026-03-02T09:00", "ends_local": "2026-03-02T10:00"}
MARCH: Final = "since=2026-03-01T00:00:00Z&until=2026-04-01T00:00:00Z"
NOT_ABOUT_RECORDS: Final = frozenset(
    {
        ("POST", "/v1/saved-searches"),
        ("GET", "/v1/saved-searches"),
        ("PUT", "/v1/saved-searches/{search_id}"),
        ("DELETE", "/v1/saved-searches/{search_id}"),
        *((method, f"/v1/required-fields/{section}") for method in ("GET", "PUT") for section in list(SECTIONS)[:2]),
    }
)
"""What the caller wrote himself, and which fields are required."""


def _bodies(*bodies: object, spends: bool = False) -> Asks:
    return [Ask(body=body, spends=spends) for body in bodies]


def _queries(*queries: str) -> Asks:
    return [Ask(query) for query in queries]


def _of_any(section: str, noun: str) -> Mapping[Key, Asks]:
    every, one = f"/v1/{section}", f"/v1/{section}/{{{noun}_id}}"
    rights, record = f"{one}/record-rights", f"@{section}"
    new = {"listings": {"transaction_type": "sale", "property_type": "land"}, "inquiries": {"transaction_type": "sale"}}
    made = {"office_id": "@centre", **new.get(section, {"basic": {"name": "Anna"}})}
    named = {"listings": "owner_name", "inquiries": "client_name", "contacts": "city"}[section]
    leaving = ("form=csv", "form=xlsx", "form=xml&q=villa", "form=csv&identity=true", "form=csv&q=neri&sort=number")
    printed = ("", "language=it&q=villa", "identity=true", "q=neri&sort=number")
    return {
        ("POST", every): _bodies(made, {**made, "identity": {named: "Neri"}}, {**made, "number": "1"}),
        ("GET", every): _queries(*SEARCHED),
        ("GET", f"{every}/count"): _queries(*(query.partition("&")[0] for query in SEARCHED[:12])),
        ("GET", one): _queries(""),
        ("PATCH", one): _bodies(*CHANGES),
        ("DELETE", one): _queries(""),
        ("POST", f"{one}/objection"): _bodies({"ground": "GDPR article 21"}, spends=True),
        ("GET", f"{one}/history"): _queries("", "limit=1"),
        ("GET", f"/v1/tombstones/{section}"): _queries("", "limit=1"),
        ("GET", rights): _queries(""),
        ("PUT", rights): _bodies(ENTRIES, {"entries": [{**ENTRY, "effect": "inherit"}]}),
        ("POST", f"{rights}/stamp"): _bodies(ENTRIES, {"stamp_id": "@unknown"}),
        ("POST", f"{rights}/restore"): _bodies({"version": 0}),
        ("POST", f"{rights}/preview"): _bodies(ENTRIES),
        ("GET", f"{rights}/changes"): _queries(""),
        ("GET", f"{one}/access"): _queries("user=@carla", "user=@ada"),
        ("POST", f"{every}/bulk-record-rights"): _bodies({**ENTRIES, "ids": [record, "@unknown"]}),
        ("POST", f"{every}/impact"): _bodies({"proposal": {"grants": []}}, {"proposal": {}, "action": "read"}),
        ("GET", f"/v1/exports/{section}"): _queries(*leaving),
        ("GET", f"{one}/print"): _queries("", "language=pl", "identity=true"),
        ("GET", f"/v1/prints/{section}"): _queries(*printed),
    }


def _of_archived(section: str, noun: str) -> Mapping[Key, Asks]:
    """Return what is asked of listings and inquiries, which are archived, reassigned, matched and have documents."""
    one, record = f"/v1/{section}/{{{noun}_id}}", f"@{section}"
    document = f"{one}/documents/{{document_id}}"
    return {
        ("POST", f"{one}/archive"): _queries(""),
        ("POST", f"{one}/restore"): _queries(""),
        **{("PUT", f"{one}/{action}-schedule"): _bodies(BY_DATE) for action in ("archive", "restore")},
        **{("DELETE", f"{one}/{action}-schedule"): _queries("") for action in ("archive", "restore")},
        **{("POST", f"{one}/{action}-schedule/retry"): _queries("") for action in ("archive", "restore")},
        ("GET", f"{one}/schedules"): _queries(""),
        ("GET", f"{one}/schedule-changes"): _queries("", "limit=1"),
        ("GET", f"{one}/document-changes"): _queries("", "limit=1"),
        ("POST", f"/v1/{section}/bulk-delete"): _bodies({"ids": [record, "@unknown"]}, spends=True),
        ("POST", f"/v1/{section}/bulk-reassign"): _bodies({"ids": [record, "@unknown"], "assignee_id": "@bruno"}),
        ("GET", f"{one}/matches"): _queries("", "limit=1"),
        ("POST", f"{one}/documents"): _bodies({"kind": "plan", "name": "Plan.pdf"}, {"kind": "plan"}),
        ("GET", f"{one}/documents"): _queries("", "limit=1"),
        ("GET", document): _queries(""),
        ("PATCH", document): _bodies({"name": "Piano.pdf"}),
        ("DELETE", document): _queries(""),
        ("GET", f"{document}/content"): _queries(""),
        ("PUT", f"{document}/content"): [Ask(file=b"%PDF-1.7 other"), Ask(file=b"")],
    }


def _evaluation(section: str, action: str, who: str = "@bruno", record: str | None = None) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": who},
        "action": {"name": action},
        "resource": {"type": section, "id": record or f"@{section}"},
    }


def _search(section: str, action: str) -> dict[str, Any]:
    return {**_evaluation(section, action), "resource": {"type": section}, "page": {"limit": 3}}


_EVALUATIONS: Final = [
    _evaluation(section, action, who)
    for section in SECTIONS
    for action in ("read", "update", "identity.read", "identity.print", f"{section}.private_note.read")
    for who in ("@bruno", "@carla", "@ada")
]
_APPOINTMENT: Final = "/v1/appointments/{appointment_id}"
_CRITERIA: Final = "/v1/criteria/{criteria_id}"
_VIEWING: Final = {"kind": "viewing", "title": "Viewing", "when": WHEN}

ASKED: Final[Mapping[Key, Asks]] = {
    **{key: asks for section, noun in SECTIONS.items() for key, asks in _of_any(section, noun).items()},
    **{
        key: asks
        for section, noun in SECTIONS.items()
        if section != "contacts"
        for key, asks in _of_archived(section, noun).items()
    },
    ("POST", "/v1/listings/{listing_id}/bump"): _queries(""),
    ("POST", "/v1/listings/{listing_id}/copy"): _queries(""),
    ("POST", "/v1/listings/{listing_id}/identity/fill"): _bodies({"owner_name": "Neri"}),
    ("PUT", "/v1/contacts/{contact_id}/number"): _bodies({"number": "77"}),
    ("GET", "/v1/contacts/{contact_id}/criteria-changes"): _queries("", "limit=1"),
    ("POST", "/v1/listings/bulk-renumber"): _bodies({"items": [{"listing_id": "@listings", "number": "A-1"}]}),
    ("POST", "/v1/contacts/{contact_id}/criteria"): _bodies({"name": "A house", "transaction_type": "sale"}),
    ("GET", "/v1/contacts/{contact_id}/criteria"): _queries(""),
    ("GET", _CRITERIA): _queries(""),
    ("PATCH", _CRITERIA): _bodies({"name": "A villa"}),
    ("DELETE", _CRITERIA): _queries(""),
    ("GET", f"{_CRITERIA}/matches"): _queries("", "limit=1"),
    ("DELETE", "/v1/users/{user_id}/record-rights"): _queries(""),
    ("POST", "/v1/appointments"): _bodies(
        {**_VIEWING, "listing_id": "@listings"}, {**_VIEWING, "contacts": ["@contacts"], "inquiry_id": "@inquiries"}
    ),
    ("GET", "/v1/appointments"): _queries(MARCH, f"{MARCH}&user_id=@ada", f"{MARCH}&limit=2"),
    ("POST", "/v1/appointments/busy"): _bodies(
        {"user_ids": ["@ada"], "since": "2026-03-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"}
    ),
    ("GET", _APPOINTMENT): _queries(""),
    ("PATCH", _APPOINTMENT): _bodies({"title": "Another"}),
    ("DELETE", _APPOINTMENT): _queries(""),
    ("GET", f"{_APPOINTMENT}/history"): _queries(""),
    ("GET", "/v1/disclosures"): _queries("", "everybody=true&limit=200"),
    ("GET", "/v1/schedules"): _queries("", "limit=1"),
    ("POST", "/access/v1/evaluation"): _bodies(*_EVALUATIONS, _evaluation("listings", "read", record="@unknown")),
    ("POST", "/access/v1/evaluations"): _bodies({"evaluations": _EVALUATIONS}),
    ("POST", "/access/v1/search/resource"): _bodies(
        *(_search(section, action) for section in SECTIONS for action in ("read", "update", "identity.read"))
    ),
}
