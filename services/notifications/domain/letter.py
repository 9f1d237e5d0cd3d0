"""A letter: a mail's words before they become a message."""

from dataclasses import dataclass

from services.notifications.domain.calendar import Method


@dataclass(frozen=True, slots=True)
class Author:
    """A person in whose name a mail goes out; `address` is where answers go, None for the agency's (MG-12)."""

    name: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Wording:
    """An agency's own words for a mail, as templates; without `html` the text is shown in plain paragraphs."""

    subject: str
    text: str
    html: str | None


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What stands in a letter whatever it is about: the agency's name and zone, the recipient's name, the author.

    `wording` is the agency's own for it; without `author` it comes from the agency's system.
    """

    agency: str
    timezone: str
    recipient: str
    author: Author | None
    wording: Wording | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered mail. `text`, `html` and `leave_url` hold its secrets; `redacted` is the text without them."""

    locale: str
    subject: str
    text: str
    html: str
    redacted: str
    leave_url: str = ""
    """Where the recipient leaves mail of this category; empty for mail that nobody can leave."""
    author: Author | None = None
    calendar: str = ""
    """An iCalendar object to be attached; empty for none."""
    calendar_method: Method = Method.PUBLISH
    """What a calendar that gets it should do with it."""
