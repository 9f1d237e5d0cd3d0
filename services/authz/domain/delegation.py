"""Nobody grants what they do not hold themselves; administrators excepted."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.authz.domain.administrator import is_administrator
from services.authz.domain.compiling import HeldGrant, Standing, compile_snapshot, last_instant, scopes_of
from services.chassis.problems import Forbidden
from services.contracts.access import Scope
from services.contracts.vocabulary import UserId


class GrantsMoreThanHeld(Forbidden):
    code = "grants_more_than_held"
    title = "You cannot grant more than you hold."


def check_delegation(giver: Standing, receivers: Sequence[Standing], given: Iterable[HeldGrant], now: datetime) -> None:
    """Refuse what reaches further, for the giver or any receiver, or lasts longer than the giver's own rights.

    Measured for the giver as well, so that a group without members cannot be filled beyond what the giver
    holds. Raises GrantsMoreThanHeld, naming the keys.
    """
    if is_administrator(compile_snapshot(giver, now)):
        return
    by_end = dict[datetime | None, list[HeldGrant]]()
    for each in given:
        by_end.setdefault(each.until, []).append(each)
    excess = set[str]()
    for until, grants in by_end.items():
        held = compile_snapshot(giver, last_instant(until))
        for receiver in (giver, *receivers):
            excess.update(
                key
                for key, scope in scopes_of(receiver, grants).items()
                if not covers(held.scope(key), scope, giver.user_id)
            )
    if excess:
        raise GrantsMoreThanHeld(f"You do not hold so much of {', '.join(sorted(excess))}.")


def covers(held: Scope, given: Scope, giver_id: UserId) -> bool:
    """Say whether whoever holds one scope may give the other away. `own` is given to those whose own it will be."""
    if held.unlimited:
        return True
    return (
        not given.unlimited
        and (held.everything is not None or (given.everything is None and _sees(held, given)))
        and given.offices <= held.offices
        and given.owners <= held.persons(giver_id)
        and (held.own or not given.own)
    )


def _sees(held: Scope, given: Scope) -> bool:
    return given.public_offices <= held.offices | held.public_offices
