"""Documents of a record: seen by who may read its documents, private ones by few, files given back as they came."""

import asyncio
import hashlib
import io
from typing import Any, Final

import pytest

from services.chassis import ids
from services.contracts.access import Scope
from services.contracts.vocabulary import UserId
from tests.integration.records.conftest import Agency, Answer
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLAN: Final = {"kind": "plan", "name": "Planimetria è.pdf"}
FILE: Final = b"%PDF-1.7 " + bytes(range(256)) * 700
WRITES: Final = ("documents.create", "documents.update", "documents.delete")


def reader(agency: Agency, who: UserId, *keys: str, documents: Scope = EVERYTHING) -> UserId:
    return agency.give(who, *keys, read=EVERYTHING, documents__read=documents)


async def add(agency: Agency, who: UserId, record: dict[str, Any], **more: object) -> dict[str, Any]:
    answer = await agency.call(who, "POST", f"/v1/listings/{record['id']}/documents", {**PLAN, **more})
    assert answer.status == 201, answer.body
    return answer.body


async def at(
    agency: Agency, who: UserId, document: dict[str, Any], method: str, body: object = None, record: str = ""
) -> Answer:
    path = f"/v1/listings/{record or document['record_id']}/documents/{document['id']}"
    return await agency.call(who, method, path, body, {"If-Match": f'"{document["version"]}"'})


async def put(
    agency: Agency, who: UserId, document: dict[str, Any], file: bytes = FILE, media_type: str = "application/pdf"
) -> Answer:
    url = f"{agency.url}/v1/listings/{document['record_id']}/documents/{document['id']}/content"
    sent = {
        **agency.issuer.bearer(agency.tenant_id, who),
        "Content-Type": media_type,
        "If-Match": f'"{document["version"]}"',
    }
    async with agency.http.put(url, data=io.BytesIO(file), headers=sent) as response:
        return Answer(response.status, await response.json(), response.headers)


async def download(agency: Agency, who: UserId, document: dict[str, Any], **headers: str) -> tuple[int, bytes, Any]:
    url = f"{agency.url}/v1/listings/{document['record_id']}/documents/{document['id']}/content"
    sent = {**agency.issuer.bearer(agency.tenant_id, who), **headers}
    async with agency.http.get(url, headers=sent) as response:
        return response.status, await response.read(), response.headers


@pytest.mark.catalogue("IMO-19", "IMO-99", "IMO-147", "IMO-129", "IMO-131")
async def test_a_file_comes_back_as_it_was_sent(agency: Agency) -> None:
    listing = await agency.take_on()
    agent = reader(agency, agency.bruno, "documents.create")
    made = await add(agency, agent, listing)
    assert (made["size_bytes"], made["version"]) == (None, 1)
    assert (await download(agency, agent, made))[0] == 404
    kept = (await put(agency, agent, made)).body
    assert (kept["size_bytes"], kept["media_type"], kept["version"]) == (len(FILE), "application/pdf", 2)
    assert kept["sha256"] == hashlib.sha256(FILE).hexdigest()
    status, file, headers = await download(agency, agent, kept)
    assert (status, file, headers["Content-Type"]) == (200, FILE, "application/pdf")
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''Planimetria%20%C3%A8.pdf"
    assert headers["X-Content-Type-Options"] == "nosniff"
    again, nothing, _ = await download(agency, agent, kept, **{"If-None-Match": headers["ETag"]})
    assert (again, nothing) == (304, b"")
    assert (await agency.call(agent, "GET", f"/v1/listings/{listing['id']}/documents")).body == {
        "items": [kept],
        "next": None,
    }


@pytest.mark.catalogue("IMO-19", "IMO-129", "IMO-130", "IMO-131", "IMO-132")
async def test_each_thing_done_with_documents_needs_its_permission_over_the_record(agency: Agency) -> None:
    here, there = await agency.take_on(), await agency.take_on(office_id=str(agency.harbour))
    all_ = reader(agency, agency.carla, *WRITES)
    documents = [(await put(agency, all_, await add(agency, all_, one))).body for one in (here, there)]
    centre = Scope(offices=frozenset({agency.centre}))
    before = await agency.left()
    blind = agency.give(agency.bruno, *WRITES, read=EVERYTHING)
    stranger = agency.give(UserId(ids.uuid7()), *WRITES, documents__read=EVERYTHING)
    looker = reader(agency, UserId(ids.uuid7()), documents=centre)
    for record, document in zip((here, there), documents, strict=True):
        path = f"/v1/listings/{record['id']}/documents"
        for who, status in ((blind, 403), (stranger, 404), (looker, 200 if record is here else 403)):
            assert (await agency.call(who, "GET", path)).status == status
            assert (await at(agency, who, document, "GET")).status == status
            assert (await download(agency, who, document))[0] == status
            refused = 403 if status == 200 else status
            assert (await agency.call(who, "POST", path, PLAN)).status == refused
            assert (await at(agency, who, document, "PATCH", {"name": "x"})).status == refused
            assert (await at(agency, who, document, "DELETE")).status == refused
            assert (await put(agency, who, document)).status == refused
    assert await agency.left() == before
    changed = (await at(agency, all_, documents[0], "PATCH", {"name": "Rilievo.pdf", "kind": "deed"})).body
    assert (changed["name"], changed["kind"], changed["version"]) == ("Rilievo.pdf", "deed", 3)
    assert (await at(agency, all_, documents[0], "PATCH", {"name": "x"})).refusal == (412, "stale", set())
    assert (await at(agency, all_, changed, "DELETE", record=there["id"])).status == 404
    assert (await at(agency, all_, changed, "DELETE")).status == 204
    assert (await at(agency, all_, changed, "GET")).status == 404


async def test_a_private_document_is_its_adders_its_records_and_of_who_reads_private_records(agency: Agency) -> None:
    listing = await agency.take_on(basic={"assignee_id": str(agency.carla)})
    adder = reader(agency, agency.bruno, "documents.create")
    owner = reader(agency, agency.carla)
    chief = reader(agency, UserId(ids.uuid7()), "listings.private.read")
    other = reader(agency, UserId(ids.uuid7()), *WRITES)
    made = (await put(agency, adder, await add(agency, adder, listing, is_private=True))).body
    public = await add(agency, adder, listing)
    for who, sees in ((adder, True), (owner, True), (chief, True), (other, False)):
        assert (await at(agency, who, made, "GET")).status == (200 if sees else 404)
        assert (await download(agency, who, made))[0] == (200 if sees else 404)
        items = (await agency.call(who, "GET", f"/v1/listings/{listing['id']}/documents")).body["items"]
        assert [one["id"] for one in items] == [public["id"], *([made["id"]] if sees else [])]
    assert (await at(agency, other, made, "DELETE")).status == 404


async def test_what_is_no_document_is_refused_and_changes_nothing(agency: Agency) -> None:
    listing = await agency.take_on()
    agent = reader(agency, agency.bruno, *WRITES)
    made = await add(agency, agent, listing)
    before = await agency.left()
    assert (await put(agency, agent, made, media_type="text/html")).status == 415
    assert (await put(agency, agent, made, b"")).status == 422
    assert (await put(agency, agent, made, b"x" * (10 * 1024 * 1024 + 1))).status == 413
    assert (await put(agency, agent, {**made, "version": 7})).status == 412
    path = f"/v1/listings/{listing['id']}/documents"
    for wrong, pointer in (({"kind": "poem"}, "/kind"), ({"name": " "}, "/name"), ({"size_bytes": 1}, "/size_bytes")):
        assert (await agency.call(agent, "POST", path, {**PLAN, **wrong})).refusal == (422, "invalid", {pointer})
    assert await agency.left() == before


async def test_of_files_sent_at_once_one_is_kept(agency: Agency) -> None:
    listing = await agency.take_on()
    agent = reader(agency, agency.bruno, *WRITES)
    made = await add(agency, agent, listing)
    for _ in range(10):
        answers = await asyncio.gather(*(put(agency, agent, made, b"file %d" % number) for number in range(4)))
        assert sorted(answer.status for answer in answers) == [200, 412, 412, 412]
        (made,) = [answer.body for answer in answers if answer.status == 200]
        assert hashlib.sha256((await download(agency, agent, made))[1]).hexdigest() == made["sha256"]


@pytest.mark.catalogue("IMO-B17")
async def test_documents_are_gone_with_their_record(agency: Agency) -> None:
    listing = await agency.take_on()
    agent = reader(agency, agency.bruno, *WRITES)
    await put(agency, agent, await add(agency, agent, listing, name="Neri.pdf"))
    assert (await agency.do(agency.ada, "listings", listing, "DELETE ")).status == 204
    assert "Neri.pdf" not in await agency.left()


async def test_documents_are_listed_in_pages(agency: Agency) -> None:
    listing = await agency.take_on()
    agent = reader(agency, agency.bruno, *WRITES)
    made = [(await add(agency, agent, listing))["id"] for _ in range(5)]
    found, cursor = list[str](), ""
    while True:
        page = (await agency.call(agent, "GET", f"/v1/listings/{listing['id']}/documents?limit=2{cursor}")).body
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == made[::-1]


async def test_inquiries_have_documents_too(agency: Agency) -> None:
    inquiry = await agency.take_in()
    keys = ("inquiries.read", "inquiries.documents.read", "documents.create")
    agency.authz.give(agency.tenant_id, agency.bruno, dict.fromkeys(keys, EVERYTHING))
    path = f"/v1/inquiries/{inquiry['id']}/documents"
    made = await agency.call(agency.bruno, "POST", path, PLAN, {"Idempotency-Key": "once"})
    again = await agency.call(agency.bruno, "POST", path, PLAN, {"Idempotency-Key": "once"})
    assert (made.status, again.body) == (201, made.body)


async def test_no_document_outlives_its_record(agency: Agency) -> None:
    agent = reader(agency, agency.bruno, "documents.create")
    for _ in range(50):
        listing = await agency.take_on()
        added, objected = await asyncio.gather(
            agency.call(agent, "POST", f"/v1/listings/{listing['id']}/documents", PLAN),
            agency.call(agency.ada, "POST", f"/v1/listings/{listing['id']}/objection", {"ground": "GDPR article 21"}),
        )
        assert (added.status in {201, 404}, objected.status) == (True, 204)
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        assert await tx.value("SELECT count(*) FROM record_documents") == 0
