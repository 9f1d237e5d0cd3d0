"""The words by which records are searched: folded, without stems, so that five languages are treated alike."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from services.chassis.problems import FieldError, Invalid
from services.records.domain.record import Record, Tier

MOST_ASKED: Final = 8
_LONGEST: Final = 64
_WORD: Final = re.compile(r"[^\W_]+")
_PLAIN: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
"""Letters that Unicode does not take apart into a plain letter and a mark."""


def fold(text: str) -> str:
    """Return text in lower case without marks: `Łódź` and `lodz` are the same, and so are `Straße` and `strasse`."""
    # Taken apart before and after: a letter in bold has a lower case only as a plain one.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(each for each in apart if not unicodedata.combining(each)).translate(_PLAIN)


def words_in(text: str) -> Iterator[str]:
    """Yield the folded words of a text; what is neither letter nor digit stands between words."""
    return (word[:_LONGEST] for word in _WORD.findall(fold(text)))


def words_of(record: Record) -> Mapping[str, bool]:
    """Return the words of a record's searched fields, each with whether a public field has it."""
    section = record.section
    found = dict[str, bool]()
    for name in section.searched:
        is_public = section.tier_of[name] is Tier.PUBLIC
        for word in words_in(" ".join(_texts(getattr(record, name)))):
            found[word] = found.get(word, False) or is_public
    return found


def words_asked(text: str) -> tuple[str, ...]:
    """Return the beginnings of words that are asked for. Raises Invalid for none and for too many."""
    words = tuple(dict.fromkeys(words_in(text)))
    if not 1 <= len(words) <= MOST_ASKED:
        raise Invalid(errors=[FieldError("/q", "words", f"Ask for 1 to {MOST_ASKED} words.")])
    return words


def _texts(value: object) -> Iterable[str]:
    match value:
        case None:
            return ()
        case tuple():
            return map(str, value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return (str(value),)
