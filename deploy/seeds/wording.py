"""Titles, descriptions, owners and notes in an agency's language."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, TypedDict, cast

from deploy.seeds.agencies import Town, words
from deploy.seeds.kinds import Family, Kind

_SENTENCES: Final[Mapping[Family, int]] = {
    Family.HOME: 4,
    Family.HOUSE: 4,
    Family.COMMERCIAL: 3,
    Family.LAND: 3,
    Family.PARKING: 2,
}
_PLAIN_LETTERS: Final = str.maketrans({"ł": "l", "ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue"})
# Numbers that can be nobody's: no Italian or Polish number begins with two noughts behind the country code, and
# Germany's Federal Network Agency keeps the numbers of (0)40 66969 for films.
_PHONES: Final[Mapping[str, str]] = {"it": "+39 000 000 {:04}", "pl": "+48 000 000 {:03}", "de": "+49 40 66969 {:03}"}
_MAIL_DOMAINS: Final = ("example.com", "example.net", "example.org")


class Names(TypedDict):
    given: list[str]
    family: list[str]


class Words(TypedDict):
    """A file of `words/`. `owners` are two lists, since names of women and men may differ."""

    title: str
    place: str
    apartments: list[str]
    nouns: dict[str, str]
    sentences: dict[str, list[str]]
    closings: dict[str, str]
    notes: list[str]
    streets: list[str]
    owners: list[Names]


@dataclass(frozen=True, slots=True)
class Owner:
    """An invented owner, whose phone and e-mail address can be nobody's."""

    name: str
    phone: str
    email: str


class Wording:
    """Makes texts in one language from a source of chance."""

    def __init__(self, locale: str, chance: Random) -> None:
        self._locale = locale
        self._words = cast("Words", words(locale))
        self._chance = chance

    def title(self, kind: Kind, rooms: int, town: Town, district: str | None) -> str:
        """Return what stands over a listing."""
        apartments: Sequence[str] = self._words["apartments"]
        noun = (
            apartments[min(rooms, len(apartments)) - 1]
            if kind.sub_type == "apartment"
            else self._words["nouns"][kind.sub_type]
        )
        place = self._words["place"].format(town=town.name, district=district) if district else town.name
        return self._words["title"].format(noun=noun, place=place)

    def description(self, kind: Kind) -> str:
        """Return a few sentences about a property, and how it is to be had."""
        chosen = self._chance.sample(self._words["sentences"][kind.family], _SENTENCES[kind.family])
        closing = [] if kind.family is Family.PARKING else [self._words["closings"][kind.transaction]]
        return " ".join([*chosen, *closing])

    def owner(self) -> Owner:
        """Return an invented owner."""
        names = self._chance.choice(self._words["owners"])
        given, family = self._chance.choice(names["given"]), self._chance.choice(names["family"])
        return Owner(
            name=f"{given} {family}",
            phone=_PHONES[self._locale].format(self._chance.randrange(1_000)),
            email=f"{_plain(given)}.{_plain(family)}@{self._chance.choice(_MAIL_DOMAINS)}",
        )

    def street(self) -> str:
        """Return the name of a street as there is one in many towns."""
        return self._chance.choice(self._words["streets"])

    def note(self) -> str:
        """Return a private note."""
        return self._chance.choice(self._words["notes"])


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower().replace(" ", "").translate(_PLAIN_LETTERS))
    return "".join(letter for letter in letters if letter.isascii())
