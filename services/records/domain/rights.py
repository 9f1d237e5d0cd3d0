"""Which permissions it takes to write a record's fields."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.vocabulary import OfficeId, View
from services.records.domain.record import ARCHIVED, Record, Section, Tier

STATUS: Final = "standard_status"
CREATE_PRIVATE: Final = "private.create"


def refused(record: Record, changes: Mapping[str, object], snapshot: AccessSnapshot) -> Sequence[tuple[str, str]]:
    """Return the fields that the caller may not change so, each with the permission that is missing.

    Decided on the record as it is. Whether a field is named counts, not whether its value differs: who may not
    read a field must not learn by trying values.
    """
    facts = record.facts()
    return [
        (name, key)
        for name, key in _needed(record, changes)
        if not _permits(snapshot, key, record.section.tier_of[name], facts)
    ]


def refused_at_creation(record: Record, snapshot: AccessSnapshot, home: OfficeId | None) -> Sequence[tuple[str, str]]:
    """Return the fields with which the caller may not create a record, each with the permission that is missing.

    The section's `create` brings along whatever describes the thing and its people. What has a permission of its own
    (a flag, the private note, another assignee, privacy, the archive) is decided as a change of the bare record. So is
    an office that is not one of the creator's: the bare record lies in `home`, his principal one.
    """
    section = record.section
    is_his = record.office_id == home or record.office_id in snapshot.principals
    office_id = record.office_id if is_his or home is None else home
    bare = replace(record, assignee_id=record.created_by, office_id=office_id, **section.bare)
    beyond = {name: value for name in section.changed_by if (value := getattr(record, name)) != getattr(bare, name)}
    if record.is_private:
        beyond["is_private"] = True
    if not is_his:
        beyond["office_id"] = record.office_id
    return [(name, key) for name, key in refused(bare, beyond, snapshot) if key != section.key("update")]


def _needed(record: Record, changes: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    section: Section = record.section
    for name, value in changes.items():
        yield name, section.changed_by[name]
        if name == "is_private" and value is True:
            yield name, section.key(CREATE_PRIVATE)
        if name == STATUS:
            into, out_of = value == ARCHIVED, getattr(record, STATUS) == ARCHIVED
            if into != out_of:
                yield name, section.key("archive.now" if into else "restore.now")


def _permits(snapshot: AccessSnapshot, key: str, tier: Tier, facts: RecordFacts) -> bool:
    """Say whether the key may be used on a field; in the public view it reaches public fields only."""
    if key.endswith(CREATE_PRIVATE):
        return snapshot.holds(key)
    view = snapshot.decide(key, facts)
    return view is View.FULL or (view is View.PUBLIC and tier is Tier.PUBLIC)
