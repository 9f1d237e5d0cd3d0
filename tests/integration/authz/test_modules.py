"""Modules bring sections of their own; their permissions are granted, compiled and shown like all others."""

from dataclasses import replace
from typing import Any

import pytest

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.store import modules
from tests.integration.authz.conftest import MANAGE, Agency
from tests.integration.authz.test_explanations import record

pytestmark = pytest.mark.asyncio(loop_scope="session")


def permission(action: str, klass: str = "read", *reaches: str, **more: Any) -> dict[str, Any]:
    text = {"en": f"{action} of company cars"}
    return {
        "action": action,
        "record_class": klass,
        "reaches": ["all", *reaches],
        "name": text,
        "description": text,
        **more,
    }


FLEET = {
    "section": "fleet",
    "permissions": [
        permission("read", "read", "principal", "own"),
        permission("update", "write", "principal", "own"),
        permission("print", "read", "own"),
    ],
}


@pytest.mark.catalogue("ON-96")
async def test_a_module_registers_permissions_that_are_granted_like_all_others(
    agency: Agency, other_agency: Agency
) -> None:
    person = await agency.person()
    made = await agency.call("POST", "/v1/modules", FLEET)
    keys = ["fleet.print", "fleet.read", "fleet.update"]
    assert (made.status, [item["key"] for item in made.body["items"]]) == (201, keys)
    assert [item["switch"] for item in made.body["items"]] == ["print", None, None]

    path = f"/v1/holders/user/{person}"
    boxes = {"sections": {"fleet": {"principal": "own", "edit": "principal", "print": "yes"}}}
    written = await agency.call("PATCH", f"{path}/boxes", boxes, If_Match='"0"')
    assert written.body["sections"]["fleet"] == {
        "principal": "own",
        "edit": "principal",
        "print": "yes",
        "secondary": "none",
    }
    assert (await agency.scopes(person)).keys() == set(keys)
    scopes = await agency.call("POST", "/v1/scope-queries", {"keys": keys}, by=person)
    assert [item["scope"]["own"] for item in scopes.body["items"]] == [False, True, False]
    listed = (await agency.call("GET", "/v1/permissions")).body["items"]
    assert [item["key"] for item in listed][-3:] == keys
    theirs = (await other_agency.call("GET", "/v1/permissions")).body["items"]
    assert len(theirs) == len(listed) - 3


async def test_registering_again_rewords_and_never_changes_what_was_granted(agency: Agency) -> None:
    await agency.call("POST", "/v1/modules", FLEET)
    reworded = permission("read", "read", "principal", "own", name={"en": "See", "it": "Vedere"})

    again = await agency.call("POST", "/v1/modules", {**FLEET, "permissions": [reworded]})
    narrower = await agency.call("POST", "/v1/modules", {**FLEET, "permissions": [permission("read")]})

    assert next(item for item in again.body["items"] if item["key"] == "fleet.read")["name"]["it"] == "Vedere"
    assert (narrower.status, narrower.code) == (409, "permission_differs")


async def test_a_section_that_a_release_brings_means_what_the_release_says(agency: Agency) -> None:
    await agency.call("POST", "/v1/modules", FLEET)
    await agency.call("POST", "/v1/modules", {**FLEET, "section": "boats"})
    product = permission_catalogue()
    driven = replace(product["listings.update"], key="fleet.read", section="fleet")
    later = {**product, driven.key: driven}

    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        whole = await modules.catalogue(tx, later)
        asked = [await modules.catalogue_with(tx, later, keys) for keys in (["fleet.read"], ["fleet.read", "x.y"])]

    assert [each["fleet.read"] for each in (whole, *asked)] == [driven] * 3
    assert whole.keys() - product.keys() == {"fleet.read", "boats.read", "boats.update", "boats.print"}


async def test_a_module_leaves_the_product_alone_and_needs_the_agencys_settings(agency: Agency) -> None:
    clerk = await agency.person()
    await agency.group(MANAGE[0], members=(clerk,))

    taken = await agency.call("POST", "/v1/modules", {**FLEET, "section": "listings"})
    refused = await agency.call("POST", "/v1/modules", FLEET, by=clerk)

    assert (taken.status, taken.code) == (409, "section_taken")
    assert (refused.status, refused.code) == (403, "permission_missing")


@pytest.mark.parametrize(
    "wrong",
    [
        {"reaches": ["own"]},
        {"reaches": ["all", "own", "principal"]},
        {"reaches": ["all", "all"]},
        {"name": {"it": "Vedere"}},
        {"name": {"en": "See", "xx": "?"}},
        {"action": "Fly high"},
        {"record_class": "maybe"},
    ],
)
async def test_an_unsound_permission_is_refused(agency: Agency, wrong: dict[str, Any]) -> None:
    answer = await agency.call(
        "POST", "/v1/modules", {"section": "fleet", "permissions": [{**permission("read"), **wrong}]}
    )
    assert (answer.status, answer.code) == (422, "invalid")


async def test_a_modules_permissions_are_decided_explained_evaluated_and_imagined(agency: Agency) -> None:
    person = await agency.person()
    assert (await agency.call("POST", "/v1/modules", FLEET)).status == 201
    await agency.group(
        {"key": "fleet.read", "reach": "principal"},
        {"key": "fleet.update", "reach": "own"},
        members=(person,),
    )
    inside, key = record(agency.office_id), "fleet.read"
    denied = {"holder_id": str(person), "record_class": "read", "effect": "deny"}
    asked = {"user_id": str(person), "key": key, "record": inside}
    resource = {"type": "fleet", "id": "1", "properties": inside}
    refused = {**resource, "properties": {**inside, "record_rights": [denied]}}
    subject = {"subject": {"type": "user", "id": str(person)}}

    async def answer(path: str, body: dict[str, Any]) -> Any:
        answer = await agency.call("POST", path, body)
        assert answer.status == 200, answer.body
        return answer.body

    questions = [{"key": key, "record": inside}, {"key": key, "record": {**inside, "rights": [denied]}}]
    decided = await answer("/v1/decisions", {"user_id": str(person), "questions": questions})
    assert [each["allowed"] for each in decided["items"]] == [True, False]
    told = await answer("/v1/explanations", {**asked, "record": {**inside, "rights": [denied]}})
    assert (told["reason"]["decided_by"], told["reason"]["view_without"]) == ("record_right", "full")
    assert told["reason"]["record_right"] == denied
    evaluations = [{"action": {"name": "read"}, "resource": each} for each in (resource, refused)]
    evaluated = await answer("/access/v1/evaluations", {**subject, "evaluations": evaluations})
    assert [each["decision"] for each in evaluated["evaluations"]] == [True, False]
    actions = await answer("/access/v1/search/action", {**subject, "resource": resource})
    assert [each["name"] for each in actions["results"]] == ["read"]
    people = await answer(
        "/access/v1/search/subject", {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": resource}
    )
    assert [each["id"] for each in people["results"]] == [str(person)]
    who = await answer("/v1/who-can", {"key": key, "record": inside})
    assert [each["user_id"] for each in who["items"]] == [str(person)]
    grants = [{"key": key, "reach": "own"}]
    supposed = await answer(
        "/v1/hypotheses",
        {
            "grants": [{"holder": "user", "holder_id": str(agency.administrator_id), "grants": grants}],
            "questions": [{**asked, "user_id": str(agency.administrator_id)}],
        },
    )
    assert [each["key"] for each in supposed["people"][0]["gained"]] == [key]


async def test_record_rights_that_contradict_each_other_are_no_question(agency: Agency, other_agency: Agency) -> None:
    right = {"holder_id": str(agency.administrator_id), "record_class": "read", "effect": "deny"}
    given = record(agency.office_id)
    for wrong in (
        [right, {**right, "effect": "allow"}],
        [{**right, "effect": "inherit"}],
        [{**right, "record_class": "none"}],
    ):
        asked = {"questions": [{"key": "listings.read", "record": {**given, "rights": wrong}}]}
        assert (await agency.call("POST", "/v1/decisions", asked)).status == 422
    unknown = {"questions": [{"key": "fleet.read"}]}
    assert (await other_agency.call("POST", "/v1/decisions", unknown)).errors == [
        ("/questions/0/key", "unknown_permission")
    ]
