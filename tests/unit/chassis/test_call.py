"""Whatever a client writes into a header is understood or refused, and never trips the service."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.chassis.idempotency import IdempotencyKey
from services.chassis.problems import Invalid, Stale
from services.chassis.tokens import Caller
from services.chassis.web import Call
from services.contracts.vocabulary import SessionId, TenantId, UserId

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CALLER = Caller(TenantId(uuid4()), UserId(uuid4()), SessionId(uuid4()), NOW + timedelta(minutes=5))
written = st.text(st.characters(codec=None)) | st.text(st.sampled_from('0123456789²٣½-+_ "W/\udcff'), max_size=30)


def call(name: str, value: str) -> Call:
    return Call("request", NOW, ip_address("127.0.0.1"), {}, {name: value}, identified=CALLER)


@given(written)
@example("²")
def test_a_wish_for_fresh_rights_is_a_number_or_none(value: str) -> None:
    asked = call("Access-Version", value).access_version
    assert 0 <= asked < 2**63
    assert not asked or int(value) == asked


@given(written)
def test_a_version_to_change_is_a_number_or_over(value: str) -> None:
    try:
        version = call("If-Match", value).version
    except Stale:
        return
    assert value.removeprefix("W/") == f'"{value.removeprefix("W/")[1:-1]}"'
    assert 0 <= version < 2**63


@given(written)
def test_an_idempotency_key_is_kept_as_it_is_or_refused(value: str) -> None:
    try:
        kept = call("Idempotency-Key", value).idempotency_key
    except Invalid:
        return
    assert isinstance(kept, IdempotencyKey)
    assert kept.key == value
    assert value.encode()  # PostgreSQL takes it


@pytest.mark.parametrize("value", ["1", "17", "999999999999999999"])
def test_a_wish_that_fits_is_heard(value: str) -> None:
    assert call("Access-Version", value).access_version == int(value)
