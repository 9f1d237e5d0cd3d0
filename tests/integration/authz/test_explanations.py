"""Over HTTP an explanation says who granted what and when, to those who may see rights, and to nobody else."""

from uuid import UUID, uuid4

import pytest

from tests.integration.authz.conftest import Agency

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "principal"}


def record(office_id: UUID, assignee_id: UUID | None = None, *, is_private: bool = False) -> dict[str, object]:
    somebody = str(assignee_id or uuid4())
    return {"office_id": str(office_id), "assignee_id": somebody, "created_by": somebody, "is_private": is_private}


@pytest.mark.catalogue("ON-78")
async def test_a_grant_is_named_with_its_group_who_gave_it_and_when(agency: Agency) -> None:
    person = await agency.person()
    group = await agency.group(READ, members=(person,))

    told = await agency.call(
        "POST",
        "/v1/explanations",
        {"user_id": str(person), "key": "listings.read", "record": record(agency.office_id)},
    )

    assert (told.status, told.body["allowed"], told.body["view"]) == (200, True, "full")
    reason = told.body["reason"]
    assert (reason["decided_by"], reason["view_without"]) == ("group", None)
    grant = reason["grant"]
    assert (grant["holder_id"], grant["holder_name"]) == (group["id"], group["name"])
    assert (grant["reach"], grant["granted_by"]) == ("principal", str(agency.administrator_id))
    assert grant["granted_at"].endswith("Z")
    assert [step["step"] for step in reason["steps"]] == ["state", "reach"]


async def test_a_refusal_says_which_step_refused(agency: Agency) -> None:
    person = await agency.person()
    await agency.group(READ, {"key": "listings.update", "reach": "principal"}, members=(person,))
    asked = {"user_id": str(person), "key": "listings.update"}

    async def decided(record: dict[str, object]) -> tuple[str, str]:
        answer = await agency.call("POST", "/v1/explanations", {**asked, "record": record})
        assert not answer.body["allowed"]
        return answer.body["reason"]["decided_by"], answer.body["reason"]["key"]

    assert await decided(record(uuid4())) == ("nothing", "listings.read")
    assert await decided(record(agency.office_id, is_private=True)) == ("private", "listings.read")


async def test_who_may_not_see_rights_gets_the_bare_answer_about_himself(agency: Agency) -> None:
    person, colleague = await agency.person(), await agency.person()
    await agency.group(READ, members=(person,))
    asked = {"key": "listings.read", "record": record(agency.office_id)}

    own = await agency.call("POST", "/v1/explanations", asked, by=person)
    assert (own.status, own.body["allowed"], own.body["reason"]) == (200, True, None)
    other = await agency.call("POST", "/v1/explanations", {**asked, "user_id": str(colleague)}, by=person)
    assert (other.status, other.code) == (403, "permission_missing")


async def test_strangers_and_unknown_keys_are_refused(agency: Agency, other_agency: Agency) -> None:
    for stranger in (uuid4(), other_agency.administrator_id):
        asked = {"user_id": str(stranger), "key": "listings.read"}
        assert (await agency.call("POST", "/v1/explanations", asked)).status == 404
    unknown = await agency.call("POST", "/v1/explanations", {"key": "listings.fly"})
    assert (unknown.status, unknown.errors) == (422, [("/key", "unknown_permission")])
