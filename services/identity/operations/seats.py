"""Whether a seat is free for who is to come or to return (MG-1)."""

from typing import Final

from services.chassis.database import Transaction
from services.contracts.vocabulary import UserKind, UserState
from services.identity.domain.licence import take_seat
from services.identity.store import licences, users

COMING: Final = frozenset({UserState.PROVISIONED, UserState.ACTIVE})


async def must_have_room(tx: Transaction, kind: UserKind, state: UserState) -> None:
    """Refuse letting a colleague in, or inviting him to choose a password for nothing, while all seats are taken.

    An invitation reserves none: of more than there are seats, who activates first has one. To take one, lock the
    licence first. Raises SeatsExhausted.
    """
    if kind is UserKind.COLLEAGUE and state in COMING:
        take_seat(await licences.get(tx), await users.count_active(tx))
