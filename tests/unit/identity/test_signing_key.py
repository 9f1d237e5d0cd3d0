"""Rotation of signing keys, lived through minute by minute with processes that know of a key only later."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.session import ACCESS_LIFETIME
from services.identity.domain.signing_key import AHEAD, SLACK, KeyTerm, next_is_due, outdated, signer

START = datetime(2026, 1, 1, tzinfo=UTC)


@given(
    term_minutes=st.integers(30, 200),
    signs_late=st.lists(st.integers(0, 1), min_size=600, max_size=600),
    published_late=st.integers(0, 9),
)
def test_whatever_is_signed_verifies_until_it_expires(
    term_minutes: int, signs_late: list[int], published_late: int
) -> None:
    """A signer knows the keys of one minute ago at worst, a verifier those of nine minutes ago."""
    term = timedelta(minutes=term_minutes)
    stored: list[KeyTerm] = []
    history: list[list[KeyTerm]] = []
    alive: list[tuple[str, datetime]] = []
    used: set[str] = set()
    for minute, late in enumerate(signs_late):
        now = START + timedelta(minutes=minute)
        if next_is_due(stored, now, term):
            stored = [*stored, KeyTerm(f"k{minute}", now + AHEAD if stored else now)]
        gone = outdated(stored, now)
        stored = [key for key in stored if key not in gone]
        history.append(stored)

        known_to_signer = history[max(0, minute - late)]
        kid = signer(known_to_signer, now).kid
        used.add(kid)
        alive = [(by, expires) for by, expires in alive if expires > now] + [(kid, now + ACCESS_LIFETIME)]
        known_to_verifier = {key.kid for key in history[max(0, minute - published_late)]}
        assert {by for by, _ in alive if by not in known_to_verifier} == set()
        assert {by for by, _ in alive} <= {key.kid for key in stored}
    assert len(used) >= 600 // term_minutes
    assert len(stored) <= 3
    assert timedelta(0) < SLACK


def test_a_key_signs_for_its_term_and_no_longer() -> None:
    term = timedelta(days=30)
    first = KeyTerm("a", START)
    assert next_is_due([], START, term)
    assert not next_is_due([first], START + term - AHEAD - timedelta(seconds=1), term)
    assert next_is_due([first], START + term - AHEAD, term)
    second = KeyTerm("b", START + term)
    assert not next_is_due([first, second], START + term, term)
    assert signer([first, second], START + term - timedelta(microseconds=1)) == first
    assert signer([first, second], START + term) == second
    end = START + term + ACCESS_LIFETIME + SLACK
    assert outdated([first, second], end - timedelta(microseconds=1)) == []
    assert outdated([first, second], end) == [first]
