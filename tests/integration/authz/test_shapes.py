"""The rights of a group, a template or a person, written in one shape and read in the others."""

from typing import Any
from uuid import uuid4

import pytest

from services.contracts.identity_events import OfficeChanged
from services.contracts.vocabulary import OfficeId, RegionId
from tests.integration.authz.conftest import MANAGE, Agency, Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def patch(agency: Agency, path: str, body: object, **more: Any) -> Answer:
    version = (await agency.call("GET", path)).body["version"]
    return await agency.call("PATCH", path, body, If_Match=f'"{version}"', **more)


@pytest.mark.catalogue("MG-53", "MG-57", "IMO-B6", "ON-5")
@pytest.mark.parametrize("kind", ["group", "template", "user"])
async def test_what_is_written_in_one_shape_reads_back_in_the_others(agency: Agency, kind: str) -> None:
    made = {"group": agency.group, "template": agency.template}
    holder = (await made[kind]())["id"] if kind in made else str(await agency.person())
    path = f"/v1/holders/{kind}/{holder}"

    written = await patch(agency, f"{path}/boxes", {"sections": {"listings": {"principal": "office", "edit": "own"}}})
    assert (written.status, written.body["sections"]["listings"]["principal"]) == (200, "office")
    levels = (await agency.call("GET", f"{path}/levels")).body["categories"]["listings"]
    assert (levels["read"]["value"], levels["write"]["value"], levels["delete"]["value"]) == ("office", "own", "none")

    assert (await patch(agency, f"{path}/levels", {"categories": {"listings": {"write": "region"}}})).status == 200
    boxes = (await agency.call("GET", f"{path}/boxes")).body["sections"]["listings"]
    assert (boxes["edit"], boxes["principal"]) == ("individual", "office")
    kept = await patch(agency, f"{path}/boxes", {"sections": {"listings": {"edit": "individual", "create": "yes"}}})
    assert (kept.body["sections"]["listings"]["edit"], kept.body["sections"]["listings"]["create"]) == (
        "individual",
        "yes",
    )
    levels = (await agency.call("GET", f"{path}/levels")).body["categories"]["listings"]
    assert levels["write"]["value"] == "region"

    shown = await patch(agency, f"{path}/categories", {"categories": {"links": True}, "permissions": {"57": False}})
    items = {item["name"]: item for item in shown.body["items"]}
    assert (items["links"]["on"], items["links"]["held"], items["links"]["of"]) == ([56, 58], 2, 3)
    assert (items["listings"]["on"], items["listings"]["of"]) == ([2], 33)
    stale = await agency.call("PATCH", f"{path}/categories", {}, If_Match='"99"')
    assert stale.status == 412


@pytest.mark.catalogue("ON-11", "ON-12", "ON-13")
async def test_a_level_says_inherited_or_changed_and_can_be_reset(agency: Agency) -> None:
    person, gabi = await agency.person(), await agency.person()
    await agency.template({"key": "contacts.update", "reach": "own"}, users=(person,))
    path = f"/v1/holders/user/{person}/levels"
    inherited = {"value": "own", "inherited": "own", "changed": False}
    assert (await agency.call("GET", path)).body["categories"]["contacts"]["write"] == inherited

    starred = await patch(agency, path, {"categories": {"contacts": {"write": "all"}}})
    assert starred.body["categories"]["contacts"]["write"] == {"value": "all", "inherited": "own", "changed": True}
    reset = await patch(agency, path, {"categories": {"contacts": {"write": None}}})
    assert reset.body["categories"]["contacts"]["write"] == inherited

    padlock = {"category": "contacts", "reach": "user", "reach_id": str(gabi), "read": True, "write": False}
    opened = await patch(agency, path, {"extended": [padlock]})
    assert opened.body["extended"] == [{**padlock, "read": "yes", "write": "no"}]
    assert (await agency.scopes(person))["contacts.read"]["owners"] == [str(gabi)]
    closed = await patch(agency, path, {"extended": [{**padlock, "read": False}]})
    assert closed.body["extended"] == []


@pytest.mark.catalogue("IMO-B8")
async def test_categories_of_branches_appear_with_the_second_office(agency: Agency) -> None:
    group = await agency.group({"key": "links.update", "reach": "principal"})
    path = f"/v1/holders/group/{group['id']}/categories"
    one = (await agency.call("GET", path)).body
    await agency.tell(OfficeChanged(office_id=OfficeId(uuid4()), version=1, name="Harbour"))
    two = (await agency.call("GET", path)).body

    branches = {item["name"] for item in two["items"]} - {item["name"] for item in one["items"]}
    assert branches == {"branch_listings", "branch_inquiries", "branch_administrative", "branch_links"}
    assert (one["individual"], two["individual"]) == (1, 0)


@pytest.mark.catalogue("ON-6")
async def test_the_levels_of_office_and_region_are_offered_where_there_are_some(agency: Agency) -> None:
    group = await agency.group()

    async def offered() -> list[str]:
        return (await agency.call("GET", f"/v1/holders/group/{group['id']}/levels")).body["offered"]

    assert await offered() == ["none", "own", "all"]
    second = OfficeChanged(office_id=OfficeId(uuid4()), version=1, name="Harbour")
    await agency.tell(second)
    assert await offered() == ["none", "own", "office", "all"]
    await agency.tell(second.model_copy(update={"version": 2, "region_id": RegionId(uuid4())}))
    assert await offered() == ["none", "own", "office", "region", "all"]


async def test_what_a_shape_does_not_have_is_refused_where_it_stands(agency: Agency) -> None:
    group = await agency.group()
    path = f"/v1/holders/group/{group['id']}"
    boxes = {"sections": {"listings": {"edit": "galaxy", "fly": "yes"}, "ghosts": {"edit": "own"}}}
    answers = (
        (
            await patch(agency, f"{path}/boxes", boxes),
            [
                ("/sections/listings/edit", "value_not_offered"),
                ("/sections/listings/fly", "unknown"),
                ("/sections/ghosts/edit", "unknown"),
            ],
        ),
        (
            await patch(agency, f"{path}/categories", {"categories": {"ghosts": True}, "permissions": {"183": True}}),
            [("/categories/ghosts", "unknown"), ("/permissions/183", "unknown")],
        ),
    )
    for answer, errors in answers:
        assert (answer.status, answer.errors) == (422, errors)
    assert (await agency.call("GET", f"/v1/holders/ghost/{group['id']}/boxes")).status == 404
    assert (await agency.call("GET", f"/v1/holders/template/{group['id']}/boxes")).status == 404


async def test_a_shape_is_no_way_round_what_granting_asks(agency: Agency) -> None:
    clerk, person = await agency.person(), await agency.person()
    await agency.group(MANAGE[0], members=(clerk,))
    path, body = f"/v1/holders/user/{person}/boxes", {"sections": {"listings": {"edit": "own"}}}

    more = await patch(agency, path, body, by=clerk)
    nobody = await patch(agency, path, body, by=person)
    administrators = await agency.starting_group("administrators")
    last = await patch(
        agency, f"/v1/holders/group/{administrators['id']}/categories", {"categories": {"administrative": False}}
    )

    assert (more.status, more.code) == (403, "grants_more_than_held")
    assert (nobody.status, nobody.code) == (403, "permission_missing")
    assert (last.status, last.code) == (409, "last_administrator")


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("levels", {"categories": {"admin": {"permissions.manage": "none"}}}),
        ("categories", {"permissions": {"81": False}}),
    ],
)
async def test_who_gives_up_his_own_sight_of_rights_is_told_that_it_is_done(
    agency: Agency, shape: str, body: dict[str, Any]
) -> None:
    clerk = await agency.person()
    group = await agency.group(MANAGE[0], members=(clerk,))
    path = f"/v1/holders/group/{group['id']}/{shape}"

    done = await patch(agency, path, body, by=clerk)

    assert (done.status, done.body["version"]) == (200, group["version"] + 1)
    assert (await agency.call("GET", path, by=clerk)).code == "permission_missing"
    assert (await agency.call("GET", f"/v1/groups/{group['id']}")).body["grants"] == []


async def test_whoever_may_not_see_rights_sees_them_in_no_shape(agency: Agency) -> None:
    group, agent = await agency.group(), await agency.person()

    for shape in ("boxes", "levels", "categories"):
        path = f"/v1/holders/group/{group['id']}/{shape}"
        for answer in (
            await agency.call("GET", path, by=agent),
            await agency.call("PATCH", path, {"sections": {}} if shape == "boxes" else {}, by=agent, If_Match='"1"'),
        ):
            assert (answer.status, answer.code) == (403, "permission_missing")
