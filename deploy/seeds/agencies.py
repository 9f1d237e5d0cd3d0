"""The demo agencies as the files beside this module tell of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Office:
    """An office: `key` is its name in these files, `prefix` begins the numbers of its listings."""

    key: str
    prefix: str
    name: str
    towns: Sequence[str]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the agency; `principal` and `secondary` are keys of offices.

    `groups` are keys of `groups.json` or names of groups that every agency starts with. `powers` are what goes into
    listings beyond the plain fields: archive, note, private, promote. `ends` is the state after loading.
    """

    userid: str
    code: str
    given_name: str
    family_name: str
    email: str
    principal: Sequence[str]
    secondary: Sequence[str]
    groups: Sequence[str]
    powers: Sequence[str]
    ends: str
    role: str


@dataclass(frozen=True, slots=True)
class Stock:
    """How many listings somebody takes on in an office for an assignee."""

    by: str
    assignee: str
    office: str
    count: int


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency; its first person is the administrator with whom it is taken on, in its first office."""

    licence_code: str
    name: str
    country: str
    timezone: str
    locale: str
    currency: str
    ownership: str
    seats_bought: int
    password: str
    offices: Sequence[Office]
    people: Sequence[Person]
    stock: Sequence[Stock]

    @property
    def administrator(self) -> Person:
        """Return the person with whom the agency is taken on."""
        return self.people[0]

    def person(self, userid: str) -> Person:
        """Return the person with a user id."""
        return next(person for person in self.people if person.userid == userid)

    def office(self, key: str) -> Office:
        """Return the office with a key."""
        return next(office for office in self.offices if office.key == key)


@dataclass(frozen=True, slots=True)
class Town:
    """A real town. `price_m2` is an invented price level, in whole units of currency; districts have postal codes."""

    name: str
    region: str
    province: str
    postal_code: str
    price_m2: int
    seaside: bool
    districts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """A permission group of the demo: what it is called by language, and what it grants."""

    key: str
    names: Mapping[str, str]
    grants: Sequence[Mapping[str, str]]


def agencies() -> Sequence[Agency]:
    """Return the demo agencies: an Italian, a Polish and a German one."""
    return [_agency(_read(f"agencies/{name}.json")) for name in ("tirreno", "bursztyn", "nordlicht")]


def towns(country: str) -> Mapping[str, Town]:
    """Return a country's towns by name."""
    return {each["name"]: Town(**each) for each in _read(f"towns/{country}.json")}


def groups() -> Mapping[str, Group]:
    """Return the demo's permission groups by key."""
    return {
        each["key"]: Group(
            key=each["key"],
            names=each["names"],
            grants=[
                {"key": key, "reach": grant["reach"], "view": grant["view"]}
                for grant in each["grants"]
                for key in grant["keys"]
            ],
        )
        for each in _read("groups.json")
    }


def words(locale: str) -> dict[str, Any]:
    """Return the words from which texts in a language are made."""
    return _read(f"words/{locale}.json")


def _agency(fields: dict[str, Any]) -> Agency:
    parts: dict[str, Any] = {
        "offices": [Office(**each) for each in fields["offices"]],
        "people": [Person(**each) for each in fields["people"]],
        "stock": [Stock(**each) for each in fields["stock"]],
    }
    return Agency(**{**fields, **parts})


def _read(file: str) -> Any:
    return json.loads((HERE / file).read_text(encoding="utf-8"))
