"""The filters of SCIM against a slow plain evaluator of the same expressions, which shares no code with the product."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from hypothesis import given
from hypothesis import strategies as st

from services.identity.adapters.scim_messages import narrowing, page, search, written
from services.identity.adapters.scim_resources import Email, Name, User

NAMES: Final = ("anna", "Anna", "bruno", "b", "ann_a", "%", "a'b", 'q"q', "")
ADDRESSES: Final = ("anna@x.it", "B@x.it", "c@y.pl")
Document = dict[str, Any]


@dataclass(frozen=True)
class Expression:
    """An expression as text, and what it says of a document."""

    text: str
    holds: Callable[[Document], bool]


def folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def compared(op: str, value: object, literal: object) -> bool:
    """Say whether a value that is there compares so; only texts have an order and parts here."""
    if op == "eq":
        return value == literal
    if not isinstance(value, str) or not isinstance(literal, str):
        return False
    return {
        "co": literal in value,
        "sw": value.startswith(literal),
        "ew": value.endswith(literal),
        "gt": value > literal,
        "ge": value >= literal,
        "lt": value < literal,
        "le": value <= literal,
    }[op]


OPERATORS: Final = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")


def comparison(
    path: str, read: Callable[[Document], list[Any]], *, exact: bool = False, operators: tuple[str, ...] = OPERATORS
) -> st.SearchStrategy[Expression]:
    """Make comparisons of the texts that a document has at a path."""

    def made(op: str, literal: str, *, upper: bool) -> Expression:
        fold: Callable[[object], object] = (lambda one: one) if exact else folded

        def holds(document: Document) -> bool:
            values = [fold(value) for value in read(document)]
            if op == "ne":
                return not any(compared("eq", value, fold(literal)) for value in values)
            return any(compared(op, value, fold(literal)) for value in values)

        written_op = op.upper() if upper else op
        return Expression(f"{path} {written_op} {json.dumps(literal)}", holds)

    return st.builds(made, st.sampled_from(operators), st.sampled_from(NAMES + ADDRESSES), upper=st.booleans())


def at(*names: str) -> Callable[[Document], list[Any]]:
    def read(document: Document) -> list[Any]:
        found: list[Any] = [document]
        for name in names:
            found = [value for one in found if name in one for value in _many(one[name])]
        return found

    return read


def _many(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def presence(path: str, read: Callable[[Document], list[Any]]) -> Expression:
    return Expression(f"{path} pr", lambda document: any(value not in ("", {}) for value in read(document)))


def within(one: Expression) -> Expression:
    """Hold the condition of one and the same address."""
    return Expression(
        f"emails[{one.text}]", lambda document: any(one.holds(email) for email in document.get("emails", []))
    )


def whether_active(wanted: bool) -> Expression:
    return Expression(f"active eq {json.dumps(wanted)}", lambda document: document.get("active") is wanted)


SIMPLE: Final = st.one_of(
    comparison("userName", at("userName")),
    comparison("urn:ietf:params:scim:schemas:core:2.0:User:displayName", at("displayName")),
    comparison("externalId", at("externalId"), exact=True),
    comparison("name.familyName", at("name", "familyName")),
    comparison("NAME.givenname", at("name", "givenName")),
    comparison("emails.value", at("emails", "value")),
    st.just(presence("externalId", at("externalId"))),
    st.just(presence("displayName", at("displayName"))),
    st.booleans().map(whether_active),
)
IN_EMAIL: Final = st.one_of(comparison("value", at("value")), comparison("type", at("type")))


def both(one: Expression, two: Expression) -> Expression:
    return Expression(f"({one.text}) and ({two.text})", lambda document: one.holds(document) and two.holds(document))


def either(one: Expression, two: Expression) -> Expression:
    return Expression(f"({one.text}) or ({two.text})", lambda document: one.holds(document) or two.holds(document))


def neither(one: Expression) -> Expression:
    return Expression(f"not ({one.text})", lambda document: not one.holds(document))


def without_brackets(one: Expression, two: Expression, three: Expression) -> Expression:
    """Bind `and` before `or`."""
    return Expression(
        f"{one.text} or {two.text} and {three.text}",
        lambda document: one.holds(document) or (two.holds(document) and three.holds(document)),
    )


def combined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(st.builds(both, inner, inner), st.builds(either, inner, inner), st.builds(neither, inner))


EXPRESSIONS: Final = st.recursive(
    st.one_of(
        SIMPLE,
        st.recursive(IN_EMAIL, combined, max_leaves=3).map(within),
        st.builds(without_brackets, SIMPLE, SIMPLE, SIMPLE),
    ),
    combined,
    max_leaves=8,
)


def user(name: str, given_name: str, display: str | None, external: str | None, *, active: bool, address: str) -> User:
    return User(
        id="1",
        user_name=name or "x",
        name=Name(given_name=given_name or "x", family_name=name or "y"),
        display_name=display,
        external_id=external,
        active=active,
        emails=[Email(value=address, type="work", primary=True)],
    )


USERS: Final = st.builds(
    user,
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.none() | st.sampled_from(NAMES[:-1]),
    st.none() | st.sampled_from(NAMES[:-1]),
    active=st.booleans(),
    address=st.sampled_from(ADDRESSES),
)


@given(EXPRESSIONS, st.lists(USERS, max_size=6))
def test_a_filter_finds_what_the_plain_evaluator_finds(expression: Expression, users: list[User]) -> None:
    request = search(User, {"filter": expression.text})
    shown = page(request, users)["Resources"]
    documents = [written(one) for one in users]
    assert shown == [document for document in documents if expression.holds(document)]


EQUALITIES: Final = st.one_of(
    comparison("userName", at("userName"), operators=("eq", "ne")),
    comparison("externalId", at("externalId"), exact=True, operators=("eq", "ne")),
)


@given(st.recursive(EQUALITIES, combined, max_leaves=3) | st.builds(without_brackets, *[EQUALITIES] * 3), USERS)
def test_whoever_matches_is_within_the_narrowing(expression: Expression, one: User) -> None:
    document = written(one)
    narrow = narrowing(search(User, {"filter": expression.text}), "username")
    if expression.holds(document):
        assert narrow.name is None or narrow.name.lower() == str(document["userName"]).lower()
        assert narrow.external_id is None or narrow.external_id == document.get("externalId")


@given(st.integers(-3, 12), st.integers(-3, 12), st.lists(USERS, max_size=8))
def test_pages_are_slices_counted_from_one(start: int, count: int, users: list[User]) -> None:
    answer = page(search(User, {"startIndex": str(start), "count": str(count)}), users)
    begin, length = max(start, 1) - 1, max(count, 0)
    assert answer["Resources"] == [written(one) for one in users[begin : begin + length]]
    assert answer["totalResults"] == len(users)
