"""What is noted of a change: all that differs and nothing else, and never a secret."""

import dataclasses
import importlib
import pkgutil
import re
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

import services.identity.domain
from services.identity.domain.audit import differing

SECRET = re.compile(r"password|token|secret|hash|credential", re.IGNORECASE)
NOTED = {
    "user": {"User", "Assignments"},
    "agent_card": {"AgentCard", "Billing", "Contact"},
    "licence": {"Licence", "Office"},
    "organisation": {"Region", "Team"},
    "access_policy": {"NetworkZone", "AccessTemplate", "StatedPolicy", "AccessPolicy"},
    "password_rules": {"PasswordRules"},
}
"""Whose states are handed to the audit trail, by module."""


@dataclass(frozen=True)
class Thing:
    a: object
    b: object
    c: object
    version: int = 1


VALUES = st.one_of(st.none(), st.integers(0, 2), st.text(max_size=2), st.frozensets(st.integers(0, 2)))
THINGS = st.builds(Thing, VALUES, VALUES, VALUES, st.integers(1, 3))


@given(THINGS, THINGS)
def test_exactly_the_members_that_differ_are_noted(one: Thing, other: Thing) -> None:
    was, is_now = differing(one, other)
    for name in "abc":
        before, after = vars(one)[name], vars(other)[name]
        if before == after:
            assert was is not None
            assert name not in was
        else:
            assert was is not None
            assert is_now is not None
            assert (was[name], is_now[name]) == (before, after)
    assert was is not None
    assert "version" not in was


@given(THINGS)
def test_of_what_begins_or_ends_everything_is_noted(thing: Thing) -> None:
    whole = {"a": thing.a, "b": thing.b, "c": thing.c}
    assert differing(None, thing) == (None, whole)
    assert differing(thing, None) == (whole, None)
    assert differing(thing, thing) == ({}, {})
    assert differing(whole, thing) == ({}, {})


def test_nothing_that_is_noted_has_a_member_for_a_secret() -> None:
    modules = {module.name for module in pkgutil.iter_modules(services.identity.domain.__path__)}
    for name, classes in NOTED.items():
        assert name in modules
        module = importlib.import_module(f"services.identity.domain.{name}")
        for one in classes:
            assert [f.name for f in dataclasses.fields(getattr(module, one)) if SECRET.search(f.name)] == []
