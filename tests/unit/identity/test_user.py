"""The life of an account and where people work."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.problems import Invalid
from services.contracts.vocabulary import OfficeId, UserKind, UserState
from services.identity.domain.user import Assignments, StateNotAllowed, UnknownOffice, check_assignments, move
from tests.unit.identity.test_password_policy import GINA

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KNOWN = frozenset(OfficeId(UUID(int=number)) for number in range(4))
offices = st.lists(st.sampled_from([OfficeId(UUID(int=number)) for number in range(6)]), max_size=4).map(tuple)
ALLOWED = {
    ("provisioned", "suspended"),
    ("provisioned", "ghost"),
    ("active", "suspended"),
    ("active", "ghost"),
    ("suspended", "active"),
    ("suspended", "provisioned"),
    ("suspended", "ghost"),
    ("ghost", "provisioned"),
    ("ghost", "suspended"),
    ("expired", "ghost"),
}


@pytest.mark.catalogue("MG-9")
@pytest.mark.parametrize(("before", "after"), [*product(UserState, UserState)])
def test_an_account_moves_only_along_its_life(before: UserState, after: UserState) -> None:
    user = replace(GINA, state=before)
    if (before.value, after.value) in ALLOWED:
        move(user, after, NOW)
    else:
        with pytest.raises(StateNotAllowed):
            move(user, after, NOW)


GONE_AT_ONCE = {
    "colleague": {("suspended", "active"), ("suspended", "provisioned"), ("ghost", "provisioned")},
    "external_technician": {
        ("suspended", "active"),
        ("suspended", "provisioned"),
        ("ghost", "provisioned"),
        ("ghost", "suspended"),
    },
}


@pytest.mark.parametrize(("before", "after"), sorted(ALLOWED))
@pytest.mark.parametrize("kind", UserKind)
def test_nobody_comes_back_after_his_end_and_everybody_may_be_sent_away(
    before: str, after: str, kind: UserKind
) -> None:
    state = UserState(after)
    for ends_at in (None, NOW + timedelta(microseconds=1)):
        move(replace(GINA, kind=kind, state=UserState(before), ends_at=ends_at), state, NOW)
    ended = replace(GINA, kind=kind, state=UserState(before), ends_at=NOW)
    if (before, after) in GONE_AT_ONCE[kind]:
        with pytest.raises(StateNotAllowed, match="Access has ended"):
            move(ended, state, NOW)
    else:
        move(ended, state, NOW)


@pytest.mark.catalogue("MG-14")
@given(offices, offices)
def test_assignments_name_known_offices_and_none_twice(
    principal: tuple[OfficeId, ...], secondary: tuple[OfficeId, ...]
) -> None:
    everywhere = [*principal, *secondary]
    assignments = Assignments(principal, secondary)
    unknown = sum(office not in KNOWN for office in everywhere)
    if unknown:
        with pytest.raises(UnknownOffice) as refused:
            check_assignments(assignments, KNOWN)
        assert len(refused.value.errors) == unknown
    elif len(set(everywhere)) < len(everywhere):
        with pytest.raises(Invalid):
            check_assignments(assignments, KNOWN)
    else:
        check_assignments(assignments, KNOWN)
