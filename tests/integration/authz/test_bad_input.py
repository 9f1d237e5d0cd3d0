"""What cannot be is refused by a precise problem, and nothing is changed, told or written down."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.authz.conftest import Agency, Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "own"}
STRANGER = str(UUID(int=42))
SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()

GRANTS: list[tuple[list[Any], list[tuple[str, str]]]] = [
    ([{"key": "listings.fly", "reach": "all"}], [("/grants/0/key", "unknown_permission")]),
    ([READ, {"key": "fleet.read", "reach": "all"}], [("/grants/1/key", "unknown_permission")]),
    ([{"key": "calendar.read", "reach": "own"}], [("/grants/0/reach", "reach_not_allowed")]),
    ([{"key": "listings.create", "reach": "own"}], [("/grants/0/reach", "reach_not_allowed")]),
    ([{"key": "admin.settings.update", "reach": "region"}], [("/grants/0/reach", "reach_not_allowed")]),
    ([{**READ, "reach": "office"}], [("/grants/0/reach_id", "reach_id_missing")]),
    ([{**READ, "reach_id": STRANGER}], [("/grants/0/reach_id", "reach_id_not_allowed")]),
    ([{**READ, "reach": "office", "reach_id": STRANGER}], [("/grants/0/reach_id", "unknown_office")]),
    ([{**READ, "reach": "user", "reach_id": STRANGER}], [("/grants/0/reach_id", "unknown_user")]),
    ([{**READ, "reach": "team", "reach_id": STRANGER}], [("/grants/0/reach_id", "unknown_team")]),
    ([{**READ, "view": "public"}], [("/grants/0/view", "public_view_not_allowed")]),
    (
        [{"key": "listings.create", "reach": "all", "view": "public"}],
        [("/grants/0/view", "public_view_not_allowed")],
    ),
    ([READ, {**READ, "expires_at": SOON}], [("/grants/1", "grant_twice")]),
    (
        [{"key": "x.y", "reach": "all"}, READ, {**READ, "reach": "user"}],
        [("/grants/0/key", "unknown_permission"), ("/grants/2/reach_id", "reach_id_missing")],
    ),
]
UNREADABLE: list[Any] = [
    {},
    {"grants": None},
    {"grants": READ},
    {"grants": [{"key": "listings.read"}]},
    {"grants": [{**READ, "reach": "everywhere"}]},
    {"grants": [{**READ, "view": "half"}]},
    {"grants": [{**READ, "expires_at": "2031-01-01T00:00:00"}]},
    {"grants": [{**READ, "expires_at": "tomorrow"}]},
    {"grants": [{**READ, "reach_id": "me"}]},
    {"grants": [{**READ, "key": "l" * 101}]},
    {"grants": [{**READ, "granted_by": STRANGER}]},
    {"grants": [READ] * 2_001},
    {"grants": [READ], "reason": ""},
    {"grants": [READ], "reason": "x" * 1_001},
]


async def picture(agency: Agency) -> Any:
    """Return all that a refused request could have changed."""
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        return [
            list(row)
            for row in await tx.rows(
                """
                SELECT (SELECT rights_version FROM tenants WHERE tenant_id = $1),
                       (SELECT count(*) FROM rights_changes WHERE tenant_id = $1),
                       (SELECT count(*) FROM outbox WHERE tenant_id = $1),
                       (SELECT sum(version) FROM permission_groups WHERE tenant_id = $1),
                       (SELECT sum(version) FROM templates WHERE tenant_id = $1),
                       (SELECT coalesce(sum(version), 0) FROM person_rights WHERE tenant_id = $1)
                """,
                agency.tenant_id,
            )
        ]


async def three_holders(agency: Agency) -> dict[str, tuple[str, int]]:
    """Return where a group, a template and a person are granted something, and at which version."""
    person, group, template = await agency.person(), await agency.group(READ), await agency.template(READ)
    return {
        "group": (f"/v1/groups/{group['id']}", group["version"]),
        "template": (f"/v1/templates/{template['id']}", template["version"]),
        "user": (f"/v1/users/{person}", 0),
    }


async def test_unsound_grants_are_pointed_at_whoever_should_hold_them(agency: Agency) -> None:
    holders = await three_holders(agency)
    before = await picture(agency)

    for grants, errors in GRANTS:
        for kind, (path, version) in holders.items():
            answer = await agency.call("PUT", f"{path}/grants", {"grants": grants}, If_Match=f'"{version}"')
            assert (answer.status, answer.code, answer.errors) == (422, "invalid", errors), (kind, grants)
        supposed = {"grants": [{"holder": "group", "holder_id": holders["group"][0][-36:], "grants": grants}]}
        answer = await agency.call("POST", "/v1/hypotheses", supposed)
        assert answer.errors == [(f"/grants/0{pointer}", code) for pointer, code in errors], grants

    assert await picture(agency) == before


@pytest.mark.parametrize("body", UNREADABLE)
async def test_what_is_no_list_of_grants_is_refused_where_it_goes_wrong(agency: Agency, body: Any) -> None:
    holders = await three_holders(agency)
    before = await picture(agency)

    for path, version in holders.values():
        answer = await agency.call("PUT", f"{path}/grants", body, If_Match=f'"{version}"')
        assert answer.status == 422
        assert all(pointer.startswith(("/grants", "/reason")) for pointer, _ in answer.errors), answer.body

    assert await picture(agency) == before


async def test_a_change_needs_the_version_that_its_author_saw(agency: Agency) -> None:
    holders = await three_holders(agency)
    before = await picture(agency)

    for path, version in holders.values():
        missing = await agency.call("PUT", f"{path}/grants", {"grants": []})
        stale = await agency.call("PUT", f"{path}/grants", {"grants": []}, If_Match=f'"{version + 1}"')
        nonsense = await agency.call("PUT", f"{path}/grants", {"grants": []}, If_Match="x")
        assert [answer.status for answer in (missing, stale)] == [428, 412]
        assert nonsense.status in {400, 412, 428}

    assert await picture(agency) == before


async def test_nothing_of_another_agency_can_be_seen_changed_or_named(agency: Agency, other_agency: Agency) -> None:
    theirs = await three_holders(other_agency)
    mine, person = await agency.group(READ), await agency.person()
    foreign_person = theirs["user"][0][-36:]
    before, theirs_before = await picture(agency), await picture(other_agency)

    async def ask(method: str, path: str, body: object = None, version: int = 1) -> Answer:
        return await agency.call(method, path, body, If_Match=f'"{version}"')

    answers = [
        answer
        for kind, (path, version) in theirs.items()
        for answer in (
            await ask("GET", path if kind != "user" else f"{path}/rights"),
            await ask("PUT", f"{path}/grants", {"grants": []}, version),
            await ask("GET", f"/v1/holders/{kind}/{path[-36:]}/boxes"),
            await ask("PATCH", f"/v1/holders/{kind}/{path[-36:]}/levels", {"categories": {}}, version),
        )
    ]
    answers += [
        await ask("PATCH", theirs["group"][0], {"name": "Mine"}, theirs["group"][1]),
        await ask("DELETE", theirs["group"][0], None, theirs["group"][1]),
        await ask("DELETE", theirs["template"][0], None, theirs["template"][1]),
        await ask("PUT", f"/v1/groups/{mine['id']}/members/{foreign_person}", {}, mine["version"]),
        await ask("PUT", f"{theirs['group'][0]}/members/{person}", {}, theirs["group"][1]),
        await ask("PUT", f"/v1/users/{person}/template", {"template_id": theirs["template"][0][-36:]}, 0),
        await ask("GET", f"/v1/users/{foreign_person}/access"),
        await ask("POST", "/v1/decisions", {"user_id": foreign_person, "questions": [{"key": "listings.read"}]}),
        await ask("POST", "/v1/explanations", {"user_id": foreign_person, "key": "listings.read"}),
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(404, "not_found")}
    assert (await picture(agency), await picture(other_agency)) == (before, theirs_before)


async def test_groups_and_teams_hold_people_only_so_that_there_are_no_circles(agency: Agency) -> None:
    group, other, template = await agency.group(READ), await agency.group(), await agency.template()
    before = await picture(agency)

    for member in (group["id"], other["id"], template["id"], str(agency.office_id)):
        answer = await agency.change(other, "PUT", f"/members/{member}", {})
        assert (answer.status, answer.code) == (404, "not_found")
    naming = [{"key": "listings.read", "reach": "team", "reach_id": group["id"]}]
    answer = await agency.change(other, "PUT", "/grants", {"grants": naming})
    assert answer.errors == [("/grants/0/reach_id", "unknown_team")]

    assert await picture(agency) == before


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("PATCH", "", {}),
        ("PATCH", "", {"name": None, "is_employee_group": None}),
        ("PATCH", "", {"name": ""}),
        ("PATCH", "", {"name": " "}),
        ("PATCH", "", {"name": "one\nother"}),
        ("PATCH", "", {"name": "x" * 101}),
        ("PATCH", "", {"name": 7}),
        ("PATCH", "", {"is_employee_group": "perhaps"}),
        ("PATCH", "", {"version": 7}),
        ("PATCH", "", {"code": "administrators", "name": "x"}),
        ("PATCH", "", []),
        ("PUT", "/members/{person}", {"expires_at": "2031-01-01"}),
        ("PUT", "/members/{person}", {"until": SOON}),
    ],
)
async def test_an_edit_of_a_group_that_says_nothing_or_nonsense_is_refused(
    agency: Agency, method: str, rest: str, body: object
) -> None:
    group, person = await agency.group(READ), await agency.person()
    before = await picture(agency)

    answer = await agency.change(group, method, rest.format(person=person), body)

    assert (answer.status, answer.code) == (422, "invalid"), answer.body
    assert await picture(agency) == before


async def test_ids_that_are_none_are_not_found(agency: Agency) -> None:
    for path in ("/v1/groups/x", "/v1/templates/x", "/v1/users/x/rights", "/v1/users/x/access", "/v1/stamps/x"):
        answer = await agency.call("GET", path)
        assert (answer.status, answer.code) == (404, "not_found"), path
    for path in (f"/v1/holders/robot/{STRANGER}/boxes", "/v1/holders/group/x/boxes"):
        assert (await agency.call("GET", path)).status == 404, path


SHAPES: list[tuple[str, Any, str, str]] = [
    ("boxes", {"sections": {"spaceships": {"edit": "all"}}}, "/sections/spaceships/edit", "unknown"),
    ("boxes", {"sections": {"listings": {"fly": "all"}}}, "/sections/listings/fly", "unknown"),
    ("boxes", {"sections": {"listings": {"edit": "office"}}}, "/sections/listings/edit", "value_not_offered"),
    ("boxes", {"sections": {"calendar": {"edit": "own"}}}, "/sections/calendar/edit", "value_not_offered"),
    ("levels", {"categories": {"spaceships": {"read": "all"}}}, "/categories/spaceships/read", "unknown"),
    ("levels", {"categories": {"contacts": {"read": "some"}}}, "/categories/contacts/read", "value_not_offered"),
    ("levels", {"categories": {"calendar": {"read": "own"}}}, "/categories/calendar/read", "value_not_offered"),
    (
        "levels",
        {
            "extended": [
                {"category": "dictionaries", "reach": "user", "reach_id": STRANGER, "read": True, "write": True}
            ]
        },
        "/extended/0/category",
        "unknown_category",
    ),
    (
        "levels",
        {"extended": [{"category": "contacts", "reach": "user", "reach_id": STRANGER, "read": True, "write": False}]},
        "/grants/0/reach_id",
        "unknown_user",
    ),
    ("categories", {"categories": {"space": True}}, "/categories/space", "unknown"),
    ("categories", {"permissions": {"183": True}}, "/permissions/183", "unknown"),
    ("categories", {"permissions": {"0": False}}, "/permissions/0", "unknown"),
]


@pytest.mark.parametrize(("shape", "body", "pointer", "code"), SHAPES)
async def test_a_shape_refuses_what_it_has_no_word_for(
    agency: Agency, shape: str, body: Any, pointer: str, code: str
) -> None:
    group = await agency.group()
    before = await picture(agency)

    answer = await agency.call(
        "PATCH", f"/v1/holders/group/{group['id']}/{shape}", body, If_Match=f'"{group["version"]}"'
    )

    assert answer.status == 422
    assert (pointer, code) in answer.errors
    assert await picture(agency) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"blocked": "print"},
        {"blocked": ["fax"]},
        {"blocked": ["print"], "until": SOON},
    ],
)
async def test_a_switch_that_there_is_not_is_refused(agency: Agency, body: object) -> None:
    person = await agency.person()
    before = await picture(agency)

    answer = await agency.change_rights(person, "PUT", "/switches", body)

    assert (answer.status, answer.code) == (422, "invalid")
    assert await picture(agency) == before


@pytest.mark.parametrize(
    "question",
    [
        {"key": "listings.read", "record": {"office_id": STRANGER}},
        {"key": "listings.read", "record": "mine"},
        {"record": None},
        {"key": ""},
        {"key": "listings.read", "as_of": SOON},
    ],
)
async def test_a_question_that_cannot_be_understood_is_refused(agency: Agency, question: object) -> None:
    answer = await agency.call("POST", "/v1/decisions", {"questions": [question]})

    assert answer.status == 422
    assert all(pointer.startswith("/questions/0") for pointer, _ in answer.errors), answer.body


async def test_a_stranger_may_do_and_change_nothing(agency: Agency) -> None:
    stranger, (path, version) = uuid4(), (await three_holders(agency))["group"]
    supposed = {"switches": [{"user_id": STRANGER, "blocked": ["print"]}]}
    before = await picture(agency)

    answers = [
        await agency.call("GET", path, by=stranger),
        await agency.call("PUT", f"{path}/grants", {"grants": []}, by=stranger, If_Match=f'"{version}"'),
        await agency.call("POST", "/v1/groups", {"name": "x"}, by=stranger),
        await agency.call("POST", "/v1/hypotheses", supposed, by=stranger),
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(403, "permission_missing")}
    assert await picture(agency) == before
