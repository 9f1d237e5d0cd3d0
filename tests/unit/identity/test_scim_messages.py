"""Whatever a directory sends is read or refused in SCIM's words; nothing else ever comes of it."""

from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.identity.adapters.scim_messages import ScimRefused, narrowing, page, patched, read, search, written
from services.identity.adapters.scim_resources import Email, Group, Member, Name, User
from services.identity.handlers import scim_people, scim_teams

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
WORDS: Final = (
    "userName", "name", "givenName", "name.familyName", "emails", "value", "type", "primary", "active", "displayName",
    "externalId", "id", "meta", "schemas", "groups", "members", "$ref", f"{USER}:userName", "title", "urn:x:y:z", "",
    'emails[type eq "work"]', 'emails[type eq "work"].value', 'members[value eq "1"]', "emails[", "emails[]", ".",
)  # fmt: skip
words = st.sampled_from(WORDS)
texts = st.one_of(words, st.text(max_size=8), st.sampled_from(["True", "False", "work", "a@b.it", "gina", "null"]))
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
operations = st.fixed_dictionaries(
    {}, optional={"op": texts | st.sampled_from(["add", "Remove", "replace"]), "path": texts | values, "value": values}
)
GINA: Final = User(
    id="1",
    user_name="gina",
    name=Name(given_name="Gina", family_name="Rossi"),
    active=True,
    emails=[Email(value="gina@agency.example", type="work", primary=True)],
)
TEAM: Final = Group(id="2", display_name="Sales", members=[Member.model_validate({"value": "1", "type": "User"})])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(texts, values, max_size=6))
def test_any_user_and_any_group_is_read_or_refused(fields: dict[str, Any]) -> None:
    whole = {**written(GINA), **fields}
    with suppress(ScimRefused):
        scim_people.wanted(read(User, whole))
    with suppress(ScimRefused):
        scim_teams.wanted(read(Group, {**written(TEAM), **fields}))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(operations, max_size=3) | values)
def test_any_patch_is_applied_or_refused_and_leaves_the_original_alone(sent: object) -> None:
    document: Any = {"schemas": [PATCH], "Operations": sent}
    before = written(GINA), written(TEAM)
    with suppress(ScimRefused):
        scim_people.wanted(patched(GINA, document))
    with suppress(ScimRefused):
        scim_teams.wanted(patched(TEAM, document))
    assert (written(GINA), written(TEAM)) == before


tokens = st.sampled_from(
    [
        "(",
        ")",
        "[",
        "]",
        "and",
        "or",
        "not",
        "eq",
        "co",
        "gt",
        "pr",
        '"x"',
        "true",
        "null",
        "1",
        "1e999",
        '"\\ud800"',
        " ",
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(tokens | words, max_size=12).map(" ".join) | st.text(max_size=20))
def test_any_filter_is_evaluated_or_refused(text: str) -> None:
    with suppress(ScimRefused):
        request = search(User, {"filter": text})
        page(request, [GINA])
        narrowing(request, "username")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["startIndex", "count", "sortBy", "sortOrder", "attributes", "excludedAttributes"]), texts
    )
)
def test_any_query_is_answered_or_refused(query: dict[str, str]) -> None:
    with suppress(ScimRefused):
        page(search(User, query), [GINA])


@pytest.mark.parametrize(
    ("sent", "kind", "named"),
    [
        ({"op": "replace", "path": "active", "value": "maybe"}, "invalidValue", "active"),
        ({"op": "replace", "value": {"active": "maybe"}}, "invalidValue", "active"),
        ({"op": "replace", "path": "name", "value": 5}, "invalidValue", "name"),
        ({"op": "replace", "path": "userName", "value": "!!"}, "invalidValue", "userName"),
        ({"op": "replace", "path": "displayName", "value": "x" * 300}, "invalidValue", "displayName"),
        ({"op": "zap"}, "invalidValue", "operations.op"),
        ({"op": "replace", "path": "emails[", "value": 1}, "invalidPath", "operations.path"),
        ({"op": "remove"}, "noTarget", "operations"),
        ({"op": "remove", "path": "userName"}, "mutability", ""),
    ],
)
def test_a_wrong_patch_is_refused_in_our_own_words_with_what_is_wrong(
    sent: dict[str, Any], kind: str, named: str
) -> None:
    with pytest.raises(ScimRefused) as refused:
        scim_people.wanted(patched(GINA, {"schemas": [PATCH], "Operations": [sent]}))
    assert (refused.value.scim_type, refused.value.detail) == (kind, in_our_words(kind, named))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"userName": None}, "userName"),
        ({"active": "maybe"}, "active"),
        ({"emails": [{"value": 5}]}, "emails.value"),
        ({"emails": [{"value": "a@b.it", "primary": True}, {"value": "c@b.it", "primary": True}]}, "emails"),
        ({"name": {"givenName": "Gina"}}, "familyName"),
    ],
)
def test_a_wrong_user_is_refused_in_our_own_words_with_what_is_wrong(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ScimRefused) as refused:
        scim_people.wanted(read(User, {**written(GINA), **fields}))
    assert (refused.value.scim_type, refused.value.detail) == ("invalidValue", in_our_words("invalidValue", named))


@pytest.mark.parametrize(
    ("query", "kind", "named"),
    [
        ({"filter": "shoeSize eq 1"}, "invalidFilter", "filter"),
        ({"filter": "active gt true"}, "invalidFilter", "filter"),
        ({"filter": "((("}, "invalidFilter", "filter"),
        ({"sortBy": "shoeSize"}, "invalidPath", "sortBy"),
        ({"count": "x"}, "invalidValue", "count"),
    ],
)
def test_a_wrong_search_is_refused_in_our_own_words_with_what_is_wrong(
    query: dict[str, Any], kind: str, named: str
) -> None:
    with pytest.raises(ScimRefused) as refused:
        page(search(User, query), [GINA])
    assert (refused.value.scim_type, refused.value.detail) == (kind, in_our_words(kind, named))


def in_our_words(kind: str, named: str) -> str:
    sentence = {
        "invalidFilter": "The filter is not formed as SCIM demands, or asks for what is not kept",
        "invalidPath": "The path is not formed as SCIM demands, or names what is not kept",
        "invalidValue": "A value is missing, or is not of the form that is kept",
        "mutability": "An attribute may not be changed or removed like this",
        "noTarget": "The path is missing, or matches nothing that is there",
    }[kind]
    return f"{sentence}: {named}" if named else f"{sentence}."
