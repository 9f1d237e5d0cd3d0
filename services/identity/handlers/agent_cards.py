"""Agent cards: how colleagues are reached, shown and billed."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field, StringConstraints

from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.domain.agent_card import AgentCard, Billing, Contact, ContactKind, Showable, public_card
from services.identity.domain.user import MANAGE
from services.identity.handlers.colleagues import require_among_colleagues, require_colleague
from services.identity.handlers.fields import Email, Locale
from services.identity.operations.agent_cards import write_card
from services.identity.store import agent_cards, photos, users

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\r\n]*$")]
Reach = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
Colour = Annotated[str, StringConstraints(to_lower=True, pattern=r"^#[0-9A-Fa-f]{6}$"), Field(examples=["#2f7d32"])]


class ContactFields(Input):
    kind: ContactKind
    value: Reach
    shown: bool = False
    """Whether web sites and apps may show it."""


class BillingFields(Input):
    name: Line = ""
    address: Line = ""
    tax_code: Line = ""
    vat_number: Line = ""


class CardFields(Input):
    title: Line = ""
    """Such as administrator, consultant, director: a label without rights."""
    colour: Colour | None = None
    sender_address: Email | None = None
    """From which address the program sends this person's mails; null for his own."""
    contacts: list[ContactFields] = Field(default=[], max_length=20)
    shown: list[Showable] = Field(default=[], max_length=len(Showable))
    """What web sites and apps may show beside the contacts that say so themselves."""
    billing: BillingFields | None = None
    descriptions: dict[Locale, Annotated[str, Field(max_length=5000)]] = Field(default={}, max_length=20)
    """For the agency's web site, by language."""


class PublicContactShown(Output):
    kind: ContactKind
    value: str


class ContactShown(PublicContactShown):
    shown: bool
    """Whether web sites and apps may show it."""


class BillingShown(Output):
    name: str
    address: str
    tax_code: str
    vat_number: str


class CardShown(Output):
    title: str
    colour: str | None
    sender_address: str | None
    contacts: list[ContactShown]
    shown: list[Showable]
    billing: BillingShown | None
    """Shown to the person and to who manages people; null to all others."""
    descriptions: dict[str, str]
    version: int


class PublicCardShown(Output):
    display_name: str | None
    title: str | None
    email: str | None
    contacts: list[PublicContactShown]
    descriptions: dict[str, str]
    photo: bool
    """Whether the photo may be shown, and there is one."""


async def get_public_card(deps: Deps, call: Call) -> PublicCardShown:
    """Show what web sites and apps may show of a colleague: nothing else of the card (MG-11).

    404 for who does not work here now, for who shows nothing, and for whom the switch `site` in authz hides (MG-23).
    """
    user_id = UserId(call.id_in_path("user_id"))
    await require_colleague(deps, call, user_id)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        user = await users.find(tx, user_id)
        card = await agent_cards.find(tx, user_id)
        has_photo = await photos.find(tx, user_id) is not None
    public = public_card(user, card, has_photo=has_photo) if user else None
    if public is None or not await deps.site.shows(call.caller.tenant_id, user_id):
        raise NotFound
    return PublicCardShown(
        display_name=public.display_name,
        title=public.title,
        email=public.email,
        contacts=[PublicContactShown(kind=one.kind, value=one.value) for one in public.contacts],
        descriptions=dict(public.descriptions),
        photo=public.photo,
    )


async def get_card(deps: Deps, call: Call) -> CardShown:
    """Show a colleague's card; billing data only to himself and to who holds admin.agents.manage."""
    user_id = UserId(call.id_in_path("user_id"))
    await require_colleague(deps, call, user_id)
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        if await users.find(tx, user_id) is None:
            raise NotFound
        card = await agent_cards.find(tx, user_id)
    concerns = user_id == call.caller.user_id or snapshot.holds(MANAGE)
    return _shown(card if concerns else replace(card, billing=None))


async def change_card(deps: Deps, call: Call, asked: CardFields) -> CardShown:
    """Write a colleague's card; version 0 was never written. Needs admin.agents.manage."""
    user_id = UserId(call.id_in_path("user_id"))
    await require_among_colleagues(deps, call, MANAGE, user_id)
    card = AgentCard(
        title=asked.title,
        colour=asked.colour,
        sender_address=asked.sender_address,
        contacts=tuple(Contact(one.kind, one.value, one.shown) for one in asked.contacts),
        shown=frozenset(asked.shown),
        billing=None if asked.billing is None else Billing(**asked.billing.model_dump()),
        descriptions=asked.descriptions,
        version=call.version + 1,
    )
    await write_card(deps.db, call.caller.tenant_id, user_id, card)
    return _shown(card)


def _shown(card: AgentCard) -> CardShown:
    billing = card.billing
    return CardShown(
        title=card.title,
        colour=card.colour,
        sender_address=card.sender_address,
        contacts=[ContactShown(kind=one.kind, value=one.value, shown=one.shown) for one in card.contacts],
        shown=sorted(card.shown),
        billing=None
        if billing is None
        else BillingShown(
            name=billing.name, address=billing.address, tax_code=billing.tax_code, vat_number=billing.vat_number
        ),
        descriptions=dict(card.descriptions),
        version=card.version,
    )


ROUTES = (
    Route("GET", "/v1/users/{user_id}/card", get_card, gives=CardShown),
    Route("GET", "/v1/users/{user_id}/public-card", get_public_card, gives=PublicCardShown),
    Route("PUT", "/v1/users/{user_id}/card", change_card, takes=CardFields, gives=CardShown, edits=True),
)
