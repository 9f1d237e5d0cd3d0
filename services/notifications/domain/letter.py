"""A letter: a mail's words before they become a message."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered mail. `text` and `html` hold its secrets; `redacted` is the text without them, fit to be kept."""

    locale: str
    subject: str
    text: str
    html: str
    redacted: str
