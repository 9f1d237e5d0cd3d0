"""Leaving mail of a category by the link in it, without signing in (RFC 8058): looking changes nothing."""

from services.chassis.problems import NotFound
from services.chassis.web import Access, Call, Output, Route
from services.notifications.adapters.leave_links import Leaving
from services.notifications.deps import Deps
from services.notifications.domain import preference
from services.notifications.domain.category import WORDS
from services.notifications.domain.delivery import Category
from services.notifications.operations import preferences as operations
from services.notifications.store import agencies, preferences, recipients


class UnsubscriptionShown(Output):
    agency: str
    category: Category
    names: dict[str, str]
    """What the category is called, by language: the reader's is not known."""
    wanted: bool
    """Whether mail of this category still goes out to whom the link is for."""


async def get_unsubscription(deps: Deps, call: Call) -> UnsubscriptionShown:
    """Say what a link of a mail would leave. Changes nothing: mail scanners follow every link."""
    return await _shown(deps, _leaving(deps, call))


async def unsubscribe(deps: Deps, call: Call) -> UnsubscriptionShown:
    """Leave mail of the category that a link is about; as often as one likes."""
    leaving = _leaving(deps, call)
    await operations.leave(deps.db, leaving.tenant_id, leaving.recipient_id, leaving.category)
    return await _shown(deps, leaving)


def _leaving(deps: Deps, call: Call) -> Leaving:
    leaving = deps.desk.leave_links.read(call.path["token"])
    if leaving is None:
        raise NotFound
    return leaving


async def _shown(deps: Deps, leaving: Leaving) -> UnsubscriptionShown:
    async with deps.db.transaction(leaving.tenant_id, readonly=True) as tx:
        found = await recipients.find(tx, leaving.recipient_id)
        agency = await agencies.find(tx)
        if found is None:
            raise NotFound
        standing = await preferences.standing(tx, found.id, found.email, leaving.category, None)
    return UnsubscriptionShown(
        agency=agency.name if agency else "",
        category=leaving.category,
        names={language: words.name for language, words in WORDS[leaving.category].items()},
        wanted=preference.decide(leaving.category, standing).wanted,
    )


ROUTES = (
    Route(
        "GET",
        "/v1/unsubscriptions/{token}",
        get_unsubscription,
        gives=UnsubscriptionShown,
        access=Access.ANYONE,
    ),
    Route("POST", "/v1/unsubscriptions/{token}", unsubscribe, gives=UnsubscriptionShown, access=Access.ANYONE),
)
