"""Simple and extended management of rights (ON-9)."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final

from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach
from services.chassis.problems import FieldError, Invalid

_RECORD_RIGHTS: Final = "record_rights."
_EXTENDED: Final = frozenset({Reach.USER, Reach.TEAM})


class RightsMode(StrEnum):
    """With `simple`, extended rights and record rights are neither given nor count; they come back with `extended`."""

    SIMPLE = "simple"
    EXTENDED = "extended"


def counts(grant: Grant, mode: RightsMode) -> bool:
    """Say whether a grant means anything in the mode."""
    return mode is RightsMode.EXTENDED or not (grant.reach in _EXTENDED or grant.key.startswith(_RECORD_RIGHTS))


def check_mode(wanted: Sequence[Grant], given: Collection[Grant], mode: RightsMode) -> None:
    """Refuse to give what means nothing in the mode, naming where it stands in what is wanted. Raises Invalid."""
    errors = [
        FieldError(f"/grants/{at}", "simple_rights_mode", f"{grant.key} at {grant.reach} needs extended rights.")
        for at, grant in enumerate(wanted)
        if grant in given and not counts(grant, mode)
    ]
    if errors:
        raise Invalid("The agency manages its rights in the simple way.", errors)
