"""Every answer of a mail server ends in the right state, with the right timeline, and no mail is lost or forged."""

import json
from uuid import uuid4

import pytest

from services.contracts.vocabulary import TenantId
from services.notifications.app import SERVICE
from services.notifications.config import NotificationsSettings
from services.notifications.domain.retry import UNCERTAIN_LADDER
from tests.integration.notifications.post_office import Invited, PostOffice
from tests.support.mailsink import Mode
from tests.support.running import eventually, working

pytestmark = pytest.mark.asyncio(loop_scope="session")

SENT, FAILED = "notifications.delivery.sent.v1", "notifications.delivery.failed.v1"


@pytest.mark.catalogue("AM-16", "SB-24")
async def test_an_invited_person_gets_one_mail_that_machines_can_tell_apart(post: PostOffice) -> None:
    async with working(SERVICE, post.settings()):
        person = await post.invite(locale="pl-PL")
        (mail,) = await post.sink.has(person.address)
        row = await post.reaches(person, "sent")

    assert mail.message_id == f"<{row['id']}@agency.test>"
    assert mail.sender == "keyholder@agency.test"
    assert mail.message["From"] == "Immobiliare Rossi & Figli <keyholder@agency.test>"
    assert mail.message["To"] == person.address
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Content-Language"] == "pl"
    assert mail.message["Subject"] == "Aktywuj swój dostęp: Immobiliare Rossi & Figli"
    assert mail.message["Date"].datetime.tzinfo is not None
    assert (row["category"], row["attempts"], row["uncertain_attempts"]) == ("security", 1, 0)
    assert row["sent_at"] is not None
    assert await post.timeline(person) == [("queued", None), ("sent", None)]
    assert await post.events(person) == [(SENT, _told(row["id"]))]


@pytest.mark.parametrize(
    ("mode", "state", "code", "taken", "events"),
    [
        (Mode.BUSY, "deferred", "451", 0, []),
        (Mode.GONE, "refused", "550", 0, [FAILED]),
        (Mode.SPAM, "refused", "554", 0, [FAILED]),
        (Mode.DROP, "uncertain", "connection_lost", 0, []),
        (Mode.CUT, "uncertain", "connection_lost", 1, []),
        (Mode.HANG, "uncertain", "timeout", 1, []),
    ],
)
@pytest.mark.catalogue("SB-24")
async def test_each_failure_of_the_mail_server_is_told_from_the_others(
    post: PostOffice, mode: Mode, state: str, code: str, taken: int, events: list[str]
) -> None:
    person = await _invite_to(post, mode)
    async with working(SERVICE, _patient_but_with(post, mode)):
        row = await post.reaches(person, state)

    assert (row["last_error_code"], row["attempts"]) == (code, 1)
    assert row["uncertain_attempts"] == (1 if state == "uncertain" else 0)
    assert (row["next_try_at"] is None) == (state == "refused")
    assert len(post.sink.to(person.address)) == taken
    assert await post.timeline(person) == [("queued", None), (state, code)]
    told = await post.events(person)
    assert [topic for topic, _ in told] == events
    assert all(json.loads(data)["code"] == code for _, data in told)


@pytest.mark.parametrize(
    ("mode", "state", "mails"),
    [(Mode.BUSY, "deferred", 1), (Mode.DROP, "uncertain", 1), (Mode.CUT, "uncertain", 2), (Mode.HANG, "uncertain", 2)],
)
async def test_what_failed_for_now_is_sent_later_under_the_same_message_id(
    post: PostOffice, mode: Mode, state: str, mails: int
) -> None:
    person = await _invite_to(post, mode)
    async with working(SERVICE, _patient_but_with(post, mode)):
        await post.reaches(person, state)
    async with working(SERVICE, post.settings()):
        await post.let_time_pass(person)
        row = await post.reaches(person, "sent")

    taken = post.sink.to(person.address)
    assert len(taken) == mails
    assert {mail.message_id for mail in taken} == {f"<{row['id']}@agency.test>"}
    assert len({mail.part("plain") for mail in taken}) == mails, "each try carries a fresh link"
    assert [state for state, _ in await post.timeline(person)] == ["queued", state, "sent"]
    assert (row["attempts"], row["last_error_code"]) == (2, None)
    assert len(taken) - 1 <= row["uncertain_attempts"] <= 1


async def test_a_mail_that_may_have_arrived_three_times_is_left_uncertain(post: PostOffice) -> None:
    tries = len(UNCERTAIN_LADDER) + 1
    person = await _invite_to(post, *(Mode.CUT,) * tries)
    async with working(SERVICE, post.settings()):
        for nth in range(1, tries + 1):
            await _counted(post, person, nth)
            await post.let_time_pass(person)
        row = await post.reaches(person, "uncertain")

    assert (row["next_try_at"], row["uncertain_attempts"]) == (None, tries)
    assert [topic for topic, _ in await post.events(person)] == [FAILED]
    assert len(post.sink.to(person.address)) == tries


async def test_mail_waits_for_a_mail_server_that_is_down(post: PostOffice) -> None:
    person = await post.invite()
    async with working(SERVICE, post.settings()):
        async with post.sink.away():
            row = await post.reaches(person, "deferred")
            assert (row["last_error_code"], row["attempts"]) == ("not_reached", 1)
        await post.let_time_pass(person)
        await post.reaches(person, "sent")
    assert len(post.sink.to(person.address)) == 1


async def test_connections_are_kept_and_one_that_the_server_has_had_enough_of_costs_no_try(post: PostOffice) -> None:
    before = post.sink.connections  # mails of other tests that fall due take the same connection
    async with working(SERVICE, post.settings(smtp_connections=1)):
        for mode in (Mode.ACCEPT, Mode.GONE, Mode.SPAM, Mode.ACCEPT):
            person = await _invite_to(post, mode)
            await post.reaches(person, "sent", "refused")
        assert post.sink.connections == before + 1

        post.sink.weary = 1
        person = await post.invite()
        await post.reaches(person, "sent", "deferred")
        assert await post.timeline(person) == [("queued", None), ("sent", None)]
        assert post.sink.connections == before + 2

        await post.sink.down()
        await post.sink.up()
        person = await post.invite()
        await post.reaches(person, "sent", "deferred")
        assert await post.timeline(person) == [("queued", None), ("sent", None)]


async def test_a_mail_server_that_hangs_holds_up_no_other_mail(post: PostOffice) -> None:
    tenant_id = TenantId(uuid4())
    async with working(SERVICE, post.settings(smtp_connections=2, smtp_timeout_seconds=60)):
        stuck, hanging = await _invite_to(post, Mode.HANG), post.sink.hanging
        await eventually(lambda: _hangs(post, hanging))
        people = [await post.invite(tenant_id) for _ in range(20)]
        for person in people:
            await post.reaches(person, "sent")
        assert (await post.rows(stuck))[0]["state"] == "handing_over"


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c", "anna@example.test\r\nRCPT TO:<eve@example.test>", "ü@é.it"]
)
async def test_an_address_that_cannot_be_one_is_refused_without_asking_anybody(post: PostOffice, address: str) -> None:
    person = await post.invite()
    async with post.db.transaction(person.tenant_id) as tx:
        await tx.execute("UPDATE deliveries SET recipient_address = $1, next_try_at = now()", address)
    async with working(SERVICE, post.settings()):
        row = await post.reaches(person, "refused")
    assert (row["last_error_code"], row["attempts"]) == ("address_invalid", 0)
    assert post.identity.asked[person.user_id] == 0


async def test_identity_being_away_is_no_try_of_the_mail_server_and_told_once(post: PostOffice) -> None:
    person = await post.invite()
    post.identity.statuses[person.user_id] = 503
    async with working(SERVICE, post.settings()):
        for times in range(1, 4):
            await eventually(lambda times=times: _asked(post, person, times))
            row = await post.reaches(person, "deferred")
            assert (row["attempts"], row["last_error_code"]) == (0, "identity_unavailable")
            await post.let_time_pass(person)
        del post.identity.statuses[person.user_id]
        row = await post.reaches(person, "sent")
    assert row["attempts"] == 1
    assert await post.timeline(person) == [("queued", None), ("deferred", "identity_unavailable"), ("sent", None)]


async def test_an_identity_that_does_not_answer_in_time_is_as_good_as_away(post: PostOffice) -> None:
    person = await post.invite()
    gate = post.identity.hold(person.user_id)
    async with working(SERVICE, post.settings()):
        row = await post.reaches(person, "deferred")
        gate.set()
    assert (row["attempts"], row["last_error_code"]) == (0, "identity_unavailable")


@pytest.mark.parametrize(("status", "code"), [(404, "user_gone"), (409, "already_active")])
async def test_a_mail_that_nobody_needs_any_more_is_cancelled(post: PostOffice, status: int, code: str) -> None:
    person = await post.invite()
    post.identity.statuses[person.user_id] = status
    async with working(SERVICE, post.settings()):
        row = await post.reaches(person, "cancelled")
    assert row["next_try_at"] is None
    assert await post.timeline(person) == [("queued", None), ("cancelled", code)]
    assert post.sink.to(person.address) == []
    assert await post.events(person) == []


async def test_a_reply_that_breaks_the_contract_ends_as_a_counted_try(post: PostOffice) -> None:
    person = await post.invite()
    post.identity.statuses[person.user_id] = 200
    async with working(SERVICE, post.settings()):
        row = await post.reaches(person, "deferred")
    assert (row["attempts"], row["last_error_code"]) == (1, "internal_error")


def _told(delivery_id: object) -> str:
    return json.dumps({"category": "security", "delivery_id": str(delivery_id)})


async def _invite_to(post: PostOffice, *modes: Mode) -> Invited:
    address = f"{uuid4().hex[:12]}@example.test"
    post.sink.answer(address, *modes)
    return await post.invite(address=address)


def _patient_but_with(post: PostOffice, mode: Mode) -> NotificationsSettings:
    """Return settings that wait for a slow reply, as it is none of the failures; and not long where none comes."""
    return post.settings(smtp_timeout_seconds=0.5) if mode is Mode.HANG else post.settings()


async def _counted(post: PostOffice, person: Invited, uncertain_attempts: int) -> None:
    async def there() -> bool:
        (row,) = await post.rows(person)
        return (row["state"], row["uncertain_attempts"]) == ("uncertain", uncertain_attempts)

    await eventually(there)


async def _hangs(post: PostOffice, before: int) -> bool:
    return post.sink.hanging > before


async def _asked(post: PostOffice, person: Invited, times: int) -> bool:
    return post.identity.asked[person.user_id] >= times
