"""Text in files of separated values that a spreadsheet shows and never carries out (OWASP, CSV injection)."""

import re
from collections.abc import Mapping
from typing import Final

SEPARATORS: Final[Mapping[str, str]] = {"comma": ",", "semicolon": ";"}
"""What stands between the fields of csv. Excel takes it from the language: it separates by `;` in it, pl, de and fr."""
_LINES: Final = ("\t", "\r", "\n")
_APART: Final[Mapping[str, re.Pattern[str]]] = {
    separator: re.compile(f"([{''.join({*SEPARATORS.values(), *_LINES} - {separator})}])")
    for separator in SEPARATORS.values()
}
"""Where somebody who separates by something else takes a text apart: quotes hold together only for who finds them."""
_FORMULA: Final = re.compile(
    '[\\s"]*[=+\\-@\u207a\u207c\u208a\u208c\u2a75\u2a76\ufb29\ufe62\ufe63\ufe66\ufe6b\uff1d\uff0b\uff0d\uff20]'
)
"""How a formula begins, in the forms that Unicode has of its characters (NFKC) too."""


def harmless(text: str, separator: str = SEPARATORS["comma"]) -> str:
    """Return a text of which no spreadsheet takes anything for a formula: an apostrophe stands before it.

    Also where a cell begins for a spreadsheet that separates by something else than the file does.
    """
    pieces = _APART[separator].split(text)
    guarded = "".join(f"'{piece}" if _FORMULA.match(piece) else piece for piece in pieces)
    return f"'{guarded}" if text.startswith(_LINES) else guarded
