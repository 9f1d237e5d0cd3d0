"""What one person holds himself: grants, extended rights, switches, a reason; and the simple way of doing without."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.switch import Switch, switch_of
from services.contracts.authz_api import SNAPSHOT
from tests.integration.authz.conftest import MANAGE, Agency

pytestmark = pytest.mark.asyncio(loop_scope="session")
PERMISSION = {
    "action": "read",
    "record_class": "read",
    "reaches": ["all"],
    "name": {"en": "See"},
    "description": {"en": "."},
}
OWN = {"key": "contacts.read", "reach": "own"}


@pytest.mark.catalogue("ON-2", "ON-8", "ON-14")
async def test_an_extended_right_adds_the_records_of_a_colleague(agency: Agency) -> None:
    max_adam, gabi = await agency.person(), await agency.person()
    await agency.group(OWN, members=(max_adam,))
    gabis = {"key": "contacts.read", "reach": "user", "reach_id": str(gabi)}

    await agency.put_rights(max_adam, "/grants", {"grants": [gabis], "reason": "covers for Gabi"})

    scope = (await agency.scopes(max_adam))["contacts.read"]
    assert (scope["own"], scope["owners"], scope["everything"]) == (True, [str(gabi)], None)
    answer = await agency.call("POST", "/v1/scope-queries", {"keys": ["contacts.read"]}, by=max_adam)
    sources = answer.body["items"][0]["sources"]
    assert {(source["holder"], source["reach"]) for source in sources} == {("group", "own"), ("user", "user")}


@pytest.mark.catalogue("ON-117")
async def test_an_administrator_gives_himself_what_he_did_not_hold(agency: Agency) -> None:
    administrator = await agency.person()
    await agency.group(*MANAGE, members=(administrator,))
    held = await agency.scopes(administrator)
    assert held.keys() == {grant["key"] for grant in MANAGE}

    everything = {"grants": [{"key": key, "reach": "all"} for key in permission_catalogue()]}
    answer = await agency.change_rights(administrator, "PUT", "/grants", everything, by=administrator)
    assert answer.status == 200
    assert (await agency.scopes(administrator)).keys() == set(permission_catalogue())


@pytest.mark.catalogue("MG-18", "MG-19", "MG-20", "MG-21", "MG-22", "MG-23")
@pytest.mark.parametrize("switch", Switch)
async def test_a_blocked_switch_cuts_its_keys_and_no_other(agency: Agency, switch: Switch) -> None:
    everything = {"grants": [{"key": key, "reach": "all"} for key in permission_catalogue()]}
    person = await agency.person()
    await agency.put_rights(person, "/grants", everything)
    await agency.news()

    rights = await agency.put_rights(person, "/switches", {"blocked": [switch.value]})

    assert rights["blocked"] == [switch.value]
    expected = {key for key, permission in permission_catalogue().items() if permission.switch is not switch}
    assert (await agency.scopes(person)).keys() == expected
    assert [people for people, _ in await agency.news()] == [{str(person)}]
    snapshot = (await agency.peer("GET", f"{person}/snapshot")).body
    assert SNAPSHOT.validate_python(snapshot).scopes.keys() == expected
    await agency.put_rights(person, "/switches", {"blocked": []})
    assert (await agency.scopes(person)).keys() == permission_catalogue().keys()


@pytest.mark.catalogue("MG-23")
async def test_peers_are_told_whom_the_site_may_show_and_everybody_until_it_is_blocked(agency: Agency) -> None:
    person, colleague = await agency.person(), await agency.person()

    async def shown(user_id: UUID) -> object:
        return (await agency.peer("GET", f"{user_id}/site-appearance")).body

    assert await shown(person) == {"shown": True}
    await agency.put_rights(person, "/switches", {"blocked": ["print", "site"]})
    assert (await shown(person), await shown(colleague)) == ({"shown": False}, {"shown": True})
    await agency.put_rights(person, "/switches", {"blocked": ["print"]})
    assert await shown(person) == {"shown": True}


async def test_nobody_unblocks_what_he_does_not_hold(agency: Agency) -> None:
    clerk, person = await agency.person(), await agency.person()
    can_print = {"key": "listings.print", "reach": "own"}
    await agency.group(MANAGE[0], members=(clerk,))
    await agency.group(can_print, members=(person,))
    await agency.put_rights(person, "/switches", {"blocked": ["print", "email"]})

    refused = await agency.change_rights(person, "PUT", "/switches", {"blocked": []}, by=clerk)
    harmless = await agency.change_rights(person, "PUT", "/switches", {"blocked": ["print"]}, by=clerk)

    assert (refused.status, refused.code) == (403, "grants_more_than_held")
    assert harmless.status == 200


@pytest.mark.catalogue("ON-78")
async def test_it_is_kept_why_a_person_has_his_rights(agency: Agency) -> None:
    person = await agency.person()
    kept = await agency.put_rights(person, "/description", {"description": "Trainee.\nLeaves in May."})
    assert (kept["description"], kept["version"]) == ("Trainee.\nLeaves in May.", 1)


async def test_a_change_names_the_version_that_it_changes(agency: Agency) -> None:
    person = await agency.person()
    path = f"/v1/users/{person}/switches"
    assert (await agency.call("PUT", path, {"blocked": []})).status == 428
    assert (await agency.call("PUT", path, {"blocked": []}, If_Match='"0"')).status == 200
    assert (await agency.call("PUT", path, {"blocked": []}, If_Match='"0"')).status == 412


async def test_only_who_manages_permissions_changes_peoples_rights(agency: Agency) -> None:
    person = await agency.person()
    changes: tuple[tuple[str, object], ...] = (
        ("grants", {"grants": []}),
        ("template", {"template_id": str(UUID(int=1))}),
        ("switches", {"blocked": []}),
        ("description", {"description": ""}),
    )
    for path, body in changes:
        answer = await agency.call("PUT", f"/v1/users/{person}/{path}", body, by=person, If_Match='"0"')
        assert (answer.status, answer.code) == (403, "permission_missing")
    assert (await agency.call("GET", f"/v1/users/{person}/rights", by=person)).status == 403


@pytest.mark.catalogue("ON-9")
async def test_the_simple_way_knows_neither_extended_rights_nor_record_rights(agency: Agency) -> None:
    person, other = await agency.person(), await agency.person()
    extended = {"key": "contacts.read", "reach": "user", "reach_id": str(other)}
    record_rights = {"key": "record_rights.update", "reach": "all"}
    await agency.put_rights(person, "/grants", {"grants": [OWN, extended, record_rights]})
    before = await agency.scopes(person)

    assert (await agency.call("PUT", "/v1/settings", {"rights_mode": "simple"})).status == 200

    assert (await agency.call("GET", "/v1/settings", by=person)).body == {"rights_mode": "simple"}
    scopes = await agency.scopes(person)
    assert (scopes.keys(), scopes["contacts.read"]["owners"]) == ({"contacts.read"}, [])
    assert (await agency.peer("GET", f"{person}/snapshot")).body["principals"] == []
    refused = await agency.change_rights(other, "PUT", "/grants", {"grants": [OWN, extended, record_rights]})
    assert (refused.status, refused.errors) == (
        422,
        [("/grants/1", "simple_rights_mode"), ("/grants/2", "simple_rights_mode")],
    )
    assert (await agency.call("PUT", "/v1/settings", {"rights_mode": "extended"})).status == 200
    assert await agency.scopes(person) == before


async def test_the_way_of_managing_rights_is_a_setting_of_the_agency(agency: Agency) -> None:
    clerk = await agency.person()
    await agency.group(MANAGE[0], members=(clerk,))
    answer = await agency.call("PUT", "/v1/settings", {"rights_mode": "simple"}, by=clerk)
    assert (answer.status, answer.code) == (403, "permission_missing")


async def test_a_reason_is_asked_for_only_where_it_is_kept(agency: Agency) -> None:
    """Why a person has his rights is a reason itself, and what a module brings nobody holds yet."""
    person = await agency.person()
    described = await agency.change_rights(person, "PUT", "/description", {"description": "x", "reason": "y"})
    assert (described.status, described.errors) == (422, [("/reason", "extra_forbidden")])
    module = {"section": "fleet", "permissions": [PERMISSION], "reason": "y"}
    registered = await agency.call("POST", "/v1/modules", module)
    assert (registered.status, registered.errors) == (422, [("/reason", "extra_forbidden")])


async def test_what_is_blocked_keeps_its_past(agency: Agency) -> None:
    person, begun = await agency.person(), datetime.now(UTC)
    await agency.put_rights(person, "/switches", {"blocked": ["print"], "reason": "toner"})
    await agency.put_rights(person, "/switches", {"blocked": ["site"], "reason": "enough"})

    async with agency.db.transaction(agency.tenant_id) as tx:
        rows = await tx.rows(
            "SELECT switch, reason, end_reason, valid_from FROM blocked_switches_ever WHERE user_id = $1", person
        )
    told = {(row["switch"], row["reason"], row["end_reason"]) for row in rows}
    assert told == {("print", "toner", "enough"), ("site", "enough", None)}
    assert all(row["valid_from"] >= begun for row in rows)
    assert switch_of("site") is None
