"""The whole path: sign in, see what is yours, a colleague joins by mail, rights change, somebody leaves."""

from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.support.gateway import PASSWORD, Agency, Person, activate
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


def grant(key: str, reach: str, view: str = "full") -> dict[str, str]:
    return {"key": key, "reach": reach, "view": view}


async def listing(person: Person, office_id: str, title: str, **fields: Any) -> dict[str, Any]:
    body = {
        "office_id": office_id,
        "standard_status": "active",
        "transaction_type": "sale",
        "property_type": "residential",
        "title": title,
        "municipality": "Lucca",
        "list_price_minor": 250_000_00,
        "currency": "EUR",
        **fields,
    }

    async def once_the_office_is_known() -> Any:
        answer = await person.call("POST", "/records/v1/listings", body)
        return answer.body if answer.status == 201 else None

    return await eventually(once_the_office_is_known)


async def titles(person: Person, access_version: str = "0") -> set[str]:
    answer = await person.call("GET", "/records/v1/listings?limit=200", Access_Version=access_version)
    page = answer.expect(200)
    return {item["title"] for item in page["items"]}


@pytest.mark.catalogue("MG-14", "MG-24", "MG-32", "MG-33", "MG-34", "MG-54", "AM-16", "IMO-B5", "IMO-B7", "SB-18")
async def test_a_newcomer_joins_sees_his_own_offices_listings_and_more_once_he_may(
    agency: Agency, stack: Stack
) -> None:
    admin = agency.administrator
    harbour = (await admin.call("POST", "/identity/v1/offices", {"name": "Porto"})).expect(201)
    await listing(admin, agency.office_id, "Attico in centro")
    await listing(admin, agency.office_id, "Trattativa riservata", basic={"is_private": True})
    await listing(admin, harbour["id"], "Villa al porto")
    assert await titles(admin) == {"Attico in centro", "Trattativa riservata", "Villa al porto"}

    card, token = await agency.colleague(principal_offices=[agency.office_id])
    (mail,) = await agency.mails.to(card["email"])
    assert agency.licence_code in mail["text"]
    assert card["userid"] in mail["text"]
    colleague = Person(admin.http, admin.url)
    assert (await colleague.sign_in(agency.licence_code, card["userid"])).status == 401
    await activate(colleague, token)
    (await colleague.sign_in(agency.licence_code, card["userid"])).expect(201)
    assert await titles(colleague) == set()

    group = (await admin.call("POST", "/authz/v1/groups", {"name": "Newcomers"})).expect(201)
    path = f"/authz/v1/groups/{group['id']}"
    wanted = {"grants": [grant("listings.list", "principal"), grant("listings.read", "principal")]}
    group = (await admin.call("PUT", f"{path}/grants", wanted, If_Match=f'"{group["version"]}"')).expect(200)
    joined = await admin.call("PUT", f"{path}/members/{card['id']}", {}, If_Match=f'"{group["version"]}"')
    group = joined.expect(200)
    version = joined.headers["Access-Version"]
    assert await titles(colleague, version) == {"Attico in centro"}

    wanted = {"grants": [grant("listings.list", "all"), grant("listings.read", "all")]}
    group = (await admin.call("PUT", f"{path}/grants", wanted, If_Match=f'"{group["version"]}"')).expect(200)

    async def the_other_office_shows() -> bool:
        return await titles(colleague) == {"Attico in centro", "Villa al porto"}

    assert await eventually(the_other_office_shows)

    left = await admin.call("DELETE", f"{path}/members/{card['id']}", If_Match=f'"{group["version"]}"')
    left.expect(200)

    async def nothing_shows() -> bool:
        return await titles(colleague) == set()

    assert await eventually(nothing_shows)
    no_secret_in_the_logs(stack, admin.secrets + colleague.secrets)


@pytest.mark.catalogue("MG-9", "MG-61")
async def test_who_is_suspended_is_out_everywhere_and_who_returns_is_in_again(agency: Agency) -> None:
    card, colleague = await agency.active_colleague()
    admin = agency.administrator
    (await colleague.call("GET", "/records/v1/listings")).expect(200)
    path = f"/identity/v1/users/{card['id']}"
    shown = (await admin.call("GET", path)).expect(200)
    suspended = await admin.call("PUT", f"{path}/state", {"state": "suspended"}, If_Match=f'"{shown["version"]}"')
    shown = suspended.expect(200)

    async def is_out() -> bool:
        answers = [
            (await colleague.call("GET", each)).status
            for each in ("/identity/v1/me", "/authz/v1/access", "/records/v1/listings", "/notifications/v1/deliveries")
        ]
        return answers == [401] * 4

    assert await eventually(is_out)
    refused = await colleague.sign_in(agency.licence_code, card["userid"])
    assert refused.expect(403)["code"] == "account_not_active"

    (await admin.call("PUT", f"{path}/state", {"state": "active"}, If_Match=f'"{shown["version"]}"')).expect(200)
    (await colleague.sign_in(agency.licence_code, card["userid"])).expect(201)


@pytest.mark.catalogue("IMO-B3", "IMO-B4")
async def test_the_last_administrator_cannot_be_lost(agency: Agency) -> None:
    admin = agency.administrator
    me = (await admin.call("GET", "/identity/v1/me")).expect(200)
    path = f"/identity/v1/users/{me['id']}/state"
    refused = await admin.call("PUT", path, {"state": "suspended"}, If_Match=f'"{me["version"]}"')
    assert refused.expect(409)["code"] == "last_administrator"
    groups = (await admin.call("GET", "/authz/v1/groups")).expect(200)["items"]
    (administrators,) = [group for group in groups if group["code"] == "administrators"]
    path = f"/authz/v1/groups/{administrators['id']}"
    match = f'"{administrators["version"]}"'
    for refused in (
        await admin.call("DELETE", path, If_Match=match),
        await admin.call("DELETE", f"{path}/members/{me['id']}", If_Match=match),
        await admin.call("PUT", f"{path}/grants", {"grants": []}, If_Match=match),
    ):
        assert refused.expect(409)["code"] == "last_administrator"
    (await admin.call("GET", "/authz/v1/groups")).expect(200)


@pytest.mark.catalogue("SB-24")
async def test_the_history_shows_what_was_sent_without_its_secret(agency: Agency) -> None:
    card, token = await agency.colleague()

    async def sent() -> Any:
        found = (await agency.administrator.call("GET", "/notifications/v1/deliveries")).expect(200)["items"]
        mine = [each for each in found if each["recipient_user_id"] == card["id"]]
        return mine if mine and mine[0]["state"] == "sent" else None

    (delivery,) = await eventually(sent)
    shown = await agency.administrator.call("GET", f"/notifications/v1/deliveries/{delivery['id']}")
    assert token not in str(shown.expect(200))
    stranger = await agency.active_colleague()
    assert (await stranger[1].call("GET", f"/notifications/v1/deliveries/{delivery['id']}")).status == 404


async def test_each_service_shows_its_own_document(agency: Agency) -> None:
    for name in ("identity", "authz", "records", "notifications"):
        document = (await agency.administrator.call("GET", f"/{name}/openapi.json", Authorization="")).expect(200)
        assert document["openapi"].startswith("3.1")
        assert document["servers"] == [{"url": f"/api/{name}"}]


def no_secret_in_the_logs(stack: Stack, secrets: list[str]) -> None:
    logs = sorted((stack.folder / "logs").rglob("*"))
    assert len(logs) >= 8
    assert PASSWORD in secrets
    assert len(secrets) > 5
    for path in logs:
        text = path.read_text("utf-8", "replace")
        assert [secret[:6] for secret in secrets if secret in text] == [], path.name
        assert "@agency.example" not in text, path.name
