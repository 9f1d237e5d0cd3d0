"""Why a change is made, as whoever asks for it says in the Change-Reason header."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from services.chassis.problems import FieldError, Invalid

LONGEST: Final = 500
_WRONG: Final = FieldError("/Change-Reason", "reason", f"Up to {LONGEST} printable characters, in UTF-8 if encoded.")


def reason_of(headers: Mapping[str, str]) -> str | None:
    """Return the reason, percent-encoded where it is not ASCII, or None. Raises Invalid."""
    given = headers.get("Change-Reason", "")
    try:
        reason = (unquote(given, errors="strict") if given.isascii() else given).strip()
    except UnicodeDecodeError:
        raise Invalid(errors=[_WRONG]) from None
    if len(reason) > LONGEST or not reason.isprintable():
        raise Invalid(errors=[_WRONG])
    return reason or None
