"""A listing that answers what a client looks for: told once, to whoever may still know of both."""

from collections.abc import AsyncGenerator
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from services.contracts.records_events import MatchFound
from services.contracts.vocabulary import ListingId
from services.notifications.app import SERVICE
from services.notifications.consumers import tell_of_match
from services.notifications.operations.appointments import PictureIncomplete
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import PostOffice, enveloped
from tests.integration.notifications.test_appointment_mails import queued, sent
from tests.support.running import eventually, serving, working

pytestmark = pytest.mark.asyncio(loop_scope="session")

HISTORY = ("admin.agents.manage", "communications.read")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    async with serving(SERVICE, post.settings()) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, url: str, post: PostOffice) -> Agency:
    made = Agency(http, url, post)
    made.granted(*HISTORY, "listings.read", "inquiries.read")
    await made.tell(made.user_id)
    return made


def match(agency: Agency, **more: object) -> MatchFound:
    said: dict[str, object] = {
        "user_id": agency.user_id,
        "listing_id": ListingId(uuid4()),
        "listing_number": "V-318",
        "searcher": "inquiry",
        "searcher_id": uuid4(),
        "searcher_number": "R-1042",
    }
    return MatchFound.model_validate(said | more)


async def tell(agency: Agency, *matches: MatchFound) -> None:
    for one in matches:
        async with agency.post.db.transaction(agency.tenant_id) as tx:
            await tell_of_match(tx, one, enveloped(one, agency.tenant_id))


async def test_a_match_is_told_once_however_often_it_is_found(agency: Agency) -> None:
    one = match(agency)
    await tell(agency, one, one)
    await sent(agency)
    (mail,) = agency.post.sink.to(f"{agency.user_id.hex[:12]}@example.test")
    assert mail.message["Subject"] == "Corrispondenza: V-318 per R-1042"
    assert mail.message["List-Unsubscribe"] is not None
    (row,) = await queued(agency)
    assert (row["category"], row["state"]) == ("matches", "sent")


@pytest.mark.parametrize(
    ("searcher", "held", "state"),
    [
        ("inquiry", ("listings.read", "inquiries.read"), ("sent", None)),
        ("criteria", ("listings.read", "contacts.read"), ("sent", None)),
        ("inquiry", ("listings.read", "contacts.read"), ("cancelled", "not_readable")),
        ("criteria", ("listings.read", "inquiries.read"), ("cancelled", "not_readable")),
        ("inquiry", ("inquiries.read",), ("cancelled", "not_readable")),
        ("inquiry", (), ("cancelled", "not_readable")),
    ],
)
async def test_who_lost_the_right_between_match_and_mail_is_told_nothing(
    agency: Agency, searcher: str, held: tuple[str, ...], state: tuple[str, str | None]
) -> None:
    await tell(agency, match(agency, searcher=searcher))
    agency.granted(*HISTORY, *held)
    await sent(agency)
    (row,) = await queued(agency)
    assert (row["state"], row["last_error_code"]) == state


async def test_while_authz_is_away_a_match_waits_and_no_try_is_counted(agency: Agency) -> None:
    await tell(agency, match(agency))
    agency.post.authz.down = True
    try:
        async with working(SERVICE, agency.post.settings()):

            async def waits() -> bool:
                (row,) = await queued(agency)
                return row["state"] == "deferred" and row["attempts"] == 0

            await eventually(waits)
    finally:
        agency.post.authz.down = False


async def test_a_reader_of_whom_nothing_is_known_yet_is_waited_for(agency: Agency) -> None:
    with pytest.raises(PictureIncomplete):
        await tell(agency, match(agency, user_id=uuid4()))
