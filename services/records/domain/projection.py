"""How much of a record a caller may see: whole tiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.vocabulary import View
from services.records.domain.record import Section, Tier


class Showable(Protocol):
    """A record, or the row of one."""

    def of_section(self) -> Section:
        """Return the section that it is of."""
        ...

    def facts(self) -> RecordFacts:
        """Return what the rule of access must know of it."""
        ...

    def values(self, tier: Tier) -> Mapping[str, object]:
        """Return its fields of a tier."""
        ...


@dataclass(frozen=True, slots=True)
class Projection:
    """What one caller may see of a record: whole tiers. A tier that is not there is hidden, not empty."""

    section: Section
    view: View
    tiers: Mapping[Tier, Mapping[str, object]]


def project(record: Showable, snapshot: AccessSnapshot, action: str = "read") -> Projection | None:
    """Return what the caller may see by an action (`read` opens, `list` lists), or None for nothing.

    The public view shows public fields only, whatever other keys would open.
    """
    section, facts = record.of_section(), record.facts()
    view = snapshot.decide(section.key(action), facts)
    if view is None:
        return None
    shown = {Tier.PUBLIC: record.values(Tier.PUBLIC)}
    if view is View.FULL:
        shown[Tier.BASIC] = record.values(Tier.BASIC)
        for tier, key in section.opened_by.items():
            if snapshot.decide(key, facts) is View.FULL:
                shown[tier] = record.values(tier)
    return Projection(section, view, shown)
