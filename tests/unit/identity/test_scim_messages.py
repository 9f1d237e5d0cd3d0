"""Whatever a directory sends is read or refused in SCIM's words; nothing else ever comes of it."""

from contextlib import suppress
from typing import Any, Final

from hypothesis import given
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


@given(st.dictionaries(texts, values, max_size=6))
def test_any_user_and_any_group_is_read_or_refused(fields: dict[str, Any]) -> None:
    whole = {**written(GINA), **fields}
    with suppress(ScimRefused):
        scim_people.wanted(read(User, whole))
    with suppress(ScimRefused):
        scim_teams.wanted(read(Group, {**written(TEAM), **fields}))


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


@given(st.lists(tokens | words, max_size=12).map(" ".join) | st.text(max_size=20))
def test_any_filter_is_evaluated_or_refused(text: str) -> None:
    with suppress(ScimRefused):
        request = search(User, {"filter": text})
        page(request, [GINA])
        narrowing(request, "username")


@given(
    st.dictionaries(
        st.sampled_from(["startIndex", "count", "sortBy", "sortOrder", "attributes", "excludedAttributes"]), texts
    )
)
def test_any_query_is_answered_or_refused(query: dict[str, str]) -> None:
    with suppress(ScimRefused):
        page(search(User, query), [GINA])
