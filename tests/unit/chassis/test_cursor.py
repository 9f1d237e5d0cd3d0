"""Cursors survive the way to the client and back, and nothing else passes for one."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.cursor import START, Cursor, parse


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.uuids())  # noqa: DTZ001 made aware below
def test_a_cursor_comes_back_as_it_went(at: datetime, row: UUID) -> None:
    cursor = Cursor(at.replace(tzinfo=UTC), row)
    assert parse(str(cursor)) == cursor


def test_the_start_lies_after_everything() -> None:
    assert parse(str(START)) == START
    assert START.at.year == 9999


@given(st.text(max_size=60))
def test_other_text_is_refused_or_is_a_cursor_of_the_same_text(text: str) -> None:
    try:
        cursor = parse(text)
    except ValueError:
        return
    assert parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "x", "====", "A" * 31, "A" * 33, "ü", "f" * 32])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        parse(text)
