"""Printing: by a permission of its own, cut by the switch, with identity data only where those may be printed."""

import io
from typing import Any, Final

import pypdf
import pytest

from services.chassis import ids
from services.contracts.access import Scope
from services.contracts.vocabulary import UserId
from tests.integration.records.conftest import Agency
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

IDENTITY: Final = {"street_name": "Ulica Świętokrzyska", "owner_name": "Łucja Żółć"}
SEES: Final[dict[str, Any]] = dict.fromkeys(("list", "read", "identity__read"), EVERYTHING)


async def printed(agency: Agency, who: UserId, path: str) -> str:
    sent = agency.issuer.bearer(agency.tenant_id, who)
    async with agency.http.get(f"{agency.url}{path}", headers=sent) as response:
        assert (response.status, response.content_type) == (200, "application/pdf"), await response.text()
        pdf = pypdf.PdfReader(io.BytesIO(await response.read()))
    return "\n".join(page.extract_text() for page in pdf.pages)


@pytest.mark.catalogue("MG-51", "MG-52", "IMO-30", "IMO-107", "IMO-157", "ON-100")
async def test_identity_data_are_on_paper_only_by_their_own_permission(agency: Agency) -> None:
    made = await agency.take_on(number="P-1", title="Dom z ogródkiem", identity=IDENTITY)
    one, many = f"/v1/listings/{made['id']}/print?language=pl", "/v1/prints/listings?language=pl"
    plain = agency.give(agency.bruno, **SEES, print=EVERYTHING)
    full = agency.give(agency.carla, **SEES, print=EVERYTHING, identity__print=EVERYTHING)
    for path in (one, many):
        text = await printed(agency, plain, path)
        assert "P-1" in text
        assert "Dom z ogródkiem" in text
        assert "Żółć" not in text
        refused = await agency.call(plain, "GET", f"{path}&identity=true")
        assert refused.refusal == (403, "permission_missing", set())
        assert "Żółć" not in await printed(agency, full, path)
        assert "Łucja Żółć" in await printed(agency, full, f"{path}&identity=true")
    shown = (await agency.call(full, "GET", "/v1/disclosures")).body["items"]
    assert [(each["form"], each["with_identity"], each["outcome"], each["records"]) for each in shown] == [
        ("pdf", True, "complete", 1),
        ("pdf", False, "complete", 1),
    ] * 2
    assert shown[-1]["asked"] == {"id": made["id"]}


@pytest.mark.catalogue("IMO-51", "IMO-52", "IMO-123", "IMO-124")
async def test_inquiries_and_contacts_are_printed_by_permissions_of_their_own(agency: Agency) -> None:
    client = {"client_name": "Łucja Żółć", "client_phone": "+48 22 1"}
    inquiry = await agency.take_in(number="Q-1", municipalities=["Kraków"], identity=client)
    contact = await agency.get_to_know(name="Zenon Nowak", number="K-1", identity={"city": "Żółć"})
    for section, record, shown in (("inquiries", inquiry, "Kraków"), ("contacts", contact, "Zenon Nowak")):
        one, many = f"/v1/{section}/{record['id']}/print?language=pl", f"/v1/prints/{section}?language=pl"
        plain, full, blind = (UserId(ids.uuid7()) for _ in range(3))
        agency.give(plain, **SEES, print=EVERYTHING, section=section)
        agency.give(full, **SEES, print=EVERYTHING, identity__print=EVERYTHING, section=section)
        agency.give(blind, **SEES, section=section)
        for path in (one, many):
            for who in (plain, full):
                text = await printed(agency, who, path)
                assert shown in text
                assert "Żółć" not in text
            assert "Żółć" in await printed(agency, full, f"{path}&identity=true")
            for who, asked in ((plain, "&identity=true"), (blind, "")):
                refused = await agency.call(who, "GET", path + asked)
                assert refused.refusal == (403, "permission_missing", set())


@pytest.mark.catalogue("MG-19", "MG-60")
async def test_without_the_permission_which_the_switch_takes_away_nothing_is_printed(agency: Agency) -> None:
    made = await agency.take_on(identity=IDENTITY)
    cut = agency.give(agency.bruno, **SEES, export=EVERYTHING)
    before = await agency.left()
    for path in (f"/v1/listings/{made['id']}/print", "/v1/prints/listings"):
        for more in ("", "?identity=true"):
            assert (await agency.call(cut, "GET", path + more)).refusal == (403, "permission_missing", set())
    blind = agency.give(UserId(ids.uuid7()), print=EVERYTHING)
    assert (await agency.call(blind, "GET", f"/v1/listings/{made['id']}/print")).status == 404
    assert (await agency.call(cut, "GET", f"/v1/listings/{ids.uuid7()}/print")).status == 404
    assert await agency.left() == before


@pytest.mark.catalogue("IMO-B12")
async def test_a_list_on_paper_holds_what_may_be_printed_of_each_listing(agency: Agency) -> None:
    await agency.take_on(number="HERE", identity=IDENTITY)
    await agency.take_on(number="THERE", office_id=str(agency.harbour), identity={"owner_name": "Zenon Hidden"})
    await agency.take_on(number="PRIVATE", basic={"is_private": True})
    centre = Scope(offices=frozenset({agency.centre}))
    both = Scope(offices=frozenset({agency.centre, agency.harbour}))
    agent = agency.give(agency.bruno, **SEES, print=both, identity__print=centre)
    text = await printed(agency, agent, "/v1/prints/listings?identity=true&sort=number")
    assert text.index("HERE") < text.index("THERE")
    assert "Żółć" in text
    assert "Hidden" not in text
    assert "PRIVATE" not in text
    only = agency.give(agency.carla, **SEES, print=centre)
    text = await printed(agency, only, "/v1/prints/listings")
    assert ("HERE" in text, "THERE" in text) == (True, False)
