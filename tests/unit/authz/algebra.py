"""The whole of the rule, steps 1 to 6, read aloud once more: with switches and record rights.

Slow and without a line of the product. Worlds are denser than those of `test_compiling`, so that much is granted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Final

from hypothesis import strategies as st

from services.authz.domain.compiling import Standing
from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.reach import Reach
from services.authz.domain.switch import Switch
from services.contracts.access import RecordFacts, RecordRight
from services.contracts.vocabulary import Effect, RecordClass, View
from tests.unit.authz.test_compiling import ME, NOW, OFFICES, PEOPLE, TEAMS, Reference, World, ends, worlds

CLASSES: Final[Mapping[str, str]] = {
    "listings.list": "read",
    "listings.read": "read",
    "listings.print": "read",
    "listings.update": "write",
    "listings.identity.read": "identity",
    "listings.private_note.update": "identity",
    "listings.private.read": "read",
    "links.update": "write",
}
"""The last one is a key of another section, asked about listings."""
KEYS: Final = list(CLASSES)
BASIC: Final = {"listings.list", "listings.read", "listings.update", "listings.identity.read"}
CUTS: Final = {Switch.PRINT: ".print", Switch.EMAIL: ".email", Switch.PRIVATE_NOTES: ".private_note.update"}


@dataclass(frozen=True)
class WholeWorld(World):
    """A world in which switches block something for the person, who holds grants by all kinds of holders."""

    blocked: frozenset[Switch] = frozenset()
    kinds: tuple[HolderKind, ...] = ()
    """Which kind of holder each of the `groups` really is; those beyond are groups."""

    def standing(self) -> Standing:
        standing = super().standing()
        held = tuple(replace(each, through=self._holder(each.through)) for each in standing.held)
        return replace(standing, blocked=self.blocked, held=held)

    def _holder(self, group: Holder) -> Holder:
        return replace(group, kind=self.kinds[group.id.int]) if group.id.int < len(self.kinds) else group


class WholeReference(Reference):
    """Section 2 of the design."""

    world: WholeWorld

    def decide(self, key: str, record: RecordFacts) -> str | None:
        if not self.world.active or self.is_cut(key):
            return None
        if key not in {"listings.list", "listings.read"}:
            read = self.decide("listings.read", record)
            if read != "full" and (read is None or CLASSES[key] == "identity"):
                return None
        said = self.said(CLASSES[key], record)
        if said == "deny":
            return None
        if said == "allow" and (key in BASIC or self.is_held(key)):
            return "full"
        opened = self.said("read", record) == "allow" or self.is_own(record, ME)
        if record.is_private and not opened and not list(self.views("listings.private.read", record)):
            return None
        views = list(self.views(key, record))
        public = "public" in views and CLASSES[key] != "identity"
        return "full" if "full" in views else "public" if public else None

    def is_cut(self, key: str) -> bool:
        return any(key.endswith(CUTS[switch]) for switch in self.world.blocked)

    def said(self, record_class: str, record: RecordFacts) -> str | None:
        mine = {team for team, members in self.world.teams.items() if ME in members}
        mine |= self.world.principal | self.world.secondary
        by_holder = {right.holder_id: right for right in record.rights if right.record_class.value == record_class}
        if ME in by_holder:
            return by_holder[ME].effect.value
        effects = {right.effect.value for holder, right in by_holder.items() if holder in mine}
        return "deny" if "deny" in effects else "allow" if effects else None

    def is_held(self, key: str) -> bool:
        return any(
            {
                "region": bool(self.world.principal),
                "principal": bool(self.world.principal),
                "secondary": bool(self.world.secondary),
                "team": bool(self.world.teams.get(grant.reach_id or OFFICES[0])),
            }.get(grant.reach.value, True)
            for grant in self.live(key)
        )

    def live(self, key: str) -> Iterator[Grant]:
        for until, grants in self.world.groups:
            for grant in grants:
                over = any(end is not None and self.now >= end for end in (until, grant.expires_at))
                if grant.key == key and not over and not self.is_cut(key):
                    yield grant


RIGHTS: Final = st.lists(
    st.builds(
        RecordRight,
        st.sampled_from([ME, OFFICES[0], OFFICES[2], TEAMS[0], PEOPLE[1]]),
        st.sampled_from([RecordClass.READ, RecordClass.READ, RecordClass.WRITE, RecordClass.IDENTITY]),
        st.sampled_from(Effect),
    ),
    max_size=4,
    unique_by=lambda right: (right.holder_id, right.record_class),
).map(tuple)

RECORDS: Final = [
    RecordFacts(office, assignee, creator, private, section="listings")
    for office, assignee, creator, private in product(OFFICES, PEOPLE[:3], PEOPLE[:2], (False, True))
]


@st.composite
def useful_grants(draw: st.DrawFn) -> Grant:
    """Return a grant that has not ended, or, seldom, one that has."""
    reach = draw(st.sampled_from(list(Reach)))
    named = {Reach.OFFICE: OFFICES, Reach.USER: PEOPLE, Reach.TEAM: TEAMS}.get(reach)
    personal = reach in {Reach.OWN, Reach.USER, Reach.TEAM}
    return Grant(
        key=draw(st.sampled_from([*KEYS, "listings.read", "listings.read"])),
        reach=reach,
        reach_id=draw(st.sampled_from(named)) if named else None,
        view=View.FULL if personal else draw(st.sampled_from((View.FULL, View.FULL, View.PUBLIC))),
        expires_at=draw(st.sampled_from((None, None, None, NOW + timedelta(days=1), NOW))),
    )


@st.composite
def whole_worlds(draw: st.DrawFn) -> WholeWorld:
    """Return a world in which there is much to decide."""
    thin = draw(worlds)
    groups = draw(st.lists(st.tuples(st.none() | ends, st.lists(useful_grants(), min_size=4, max_size=14)), max_size=4))
    return WholeWorld(
        active=thin.active,
        ownership=thin.ownership,
        principal=thin.principal,
        secondary=thin.secondary,
        regions=thin.regions,
        teams=thin.teams,
        groups=tuple((until, tuple(grants)) for until, grants in groups),
        blocked=draw(st.frozensets(st.sampled_from((Switch.PRINT, Switch.PRIVATE_NOTES, Switch.EMAIL)), max_size=1)),
        kinds=tuple(draw(st.lists(st.sampled_from(HolderKind), max_size=3))),
    )
