"""A trace goes on through us, or begins here."""

import re

import pytest

from services.chassis import trace

FORM = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01")


def test_an_incoming_trace_goes_on_with_a_span_of_ours() -> None:
    incoming = f"00-{'a' * 32}-{'b' * 16}-01"
    assert trace.enter(incoming) == "a" * 32
    assert FORM.fullmatch(trace.traceparent())
    assert trace.traceparent().split("-")[1:3] != incoming.split("-")[1:3]
    assert trace.traceparent().split("-")[1] == "a" * 32


@pytest.mark.parametrize("incoming", [None, "", "x", f"00-{'0' * 32}-{'b' * 16}-01", f"00-{'A' * 32}-{'b' * 16}-01"])
def test_what_is_no_trace_begins_a_new_one(incoming: str | None) -> None:
    first, second = trace.enter(incoming), trace.enter(incoming)
    assert first != second
    assert FORM.fullmatch(trace.traceparent())
