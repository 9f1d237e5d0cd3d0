"""Codes of authenticator apps, by the test vectors of the standards."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.second_factor import RECOVERY_BYTES, bare, recovery_code
from services.identity.domain.totp import code_at, enrolment_address, matching_step, step_of, written

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    assert code_at(SECRET, step_of(datetime.fromtimestamp(seconds, UTC)), digits=8) == code


@pytest.mark.parametrize(
    ("step", "code"),
    list(
        enumerate(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"])
    ),
)
def test_the_vectors_of_rfc_4226(step: int, code: str) -> None:
    assert code_at(SECRET, step) == code


@given(st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)), st.integers(-3, 3))  # noqa: DTZ001
def test_a_phone_may_be_half_a_minute_off_and_no_code_works_twice(now: datetime, off: int) -> None:
    step = step_of(now) + off
    code = code_at(SECRET, step)
    found = matching_step(SECRET, code, now, 0)
    near = {code_at(SECRET, step_of(now) + each) for each in (-1, 0, 1)}
    assert (found is not None) == (code in near)
    if found is not None:
        assert matching_step(SECRET, code, now, found) in (None, *range(found + 1, found + 3))
        assert matching_step(SECRET, code, now, step_of(now) + 1) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 456"])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert matching_step(SECRET, code, datetime(2026, 1, 1, tzinfo=UTC), 0) is None


def test_an_app_can_read_the_address() -> None:
    address = enrolment_address(SECRET, "Casa Bella & Figli", "a.b@c")
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/Casa%20Bella%20%26%20Figli:a.b%40c"
    assert parse_qs(parts.query) == {"secret": [written(SECRET)], "issuer": ["Casa Bella & Figli"]}


@given(st.binary(min_size=RECOVERY_BYTES, max_size=RECOVERY_BYTES))
def test_a_recovery_code_is_read_however_it_is_copied(raw: bytes) -> None:
    code = recovery_code(raw)
    assert bare(code) == bare(code.upper().replace("-", " ")) == bare(f" {code}\n")
    assert len(bare(code)) == 24
