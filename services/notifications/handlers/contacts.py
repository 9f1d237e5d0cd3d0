"""Contacts: people who get mail whether or not they may sign in (SB-6..16, SB-22, SB-25)."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.notifications.deps import Deps
from services.notifications.domain.recipient import MANAGE, Contact, ContactCard
from services.notifications.handlers.fields import Address, Locale, Word
from services.notifications.operations import recipients as operations
from services.notifications.operations.recipients import NewContact
from services.notifications.store import contacts


class ContactFields(Input):
    given_name: Word
    family_name: Word
    company: Word = ""
    email: Address
    locale: Locale
    telephone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^[^\r\n]*$")] = ""
    address_1: Word = ""
    address_2: Word = ""
    city: Word = ""
    province: Word = ""
    postcode: Annotated[str, StringConstraints(strip_whitespace=True, max_length=16, pattern=r"^[^\r\n]*$")] = ""


class ContactShown(Output):
    id: UUID
    version: int
    display_name: str
    account_user_id: UUID | None
    """As whom the contact signs in, for one that does (SB-16)."""
    given_name: str
    family_name: str
    company: str
    email: str
    locale: str
    telephone: str
    address_1: str
    address_2: str
    city: str
    province: str
    postcode: str


async def create_contact(deps: Deps, call: Call, asked: ContactFields) -> ContactShown:
    """Add a contact, who gets mail without an account. Needs `admin.agents.manage`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    new = NewContact(ids.uuid7(), ContactCard(**asked.model_dump()), call.idempotency_key)
    shown = _shown(await operations.add_contact(deps.db, call.caller.tenant_id, new, call.now))
    call.reply_headers["Location"] = f"/v1/contacts/{shown.id}"
    return shown


async def get_contact(deps: Deps, call: Call) -> ContactShown:
    """Show a contact. Needs `admin.agents.manage`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await contacts.find(tx, call.id_in_path("contact_id"))
    if found is None:
        raise NotFound
    return _shown(found)


async def change_contact(deps: Deps, call: Call, asked: ContactFields) -> ContactShown:
    """Change a contact's card; what it chose to get stays. Needs `admin.agents.manage`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    card = ContactCard(**asked.model_dump())
    contact_id = call.id_in_path("contact_id")
    return _shown(await operations.change_contact(deps.db, call.caller.tenant_id, contact_id, card, call.version))


async def remove_contact(deps: Deps, call: Call) -> None:
    """Remove a contact; mails once sent stay in the history. Needs `admin.agents.manage`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    await operations.remove_contact(deps.db, call.caller.tenant_id, call.id_in_path("contact_id"), call.version)


def _shown(found: Contact) -> ContactShown:
    recipient, card = found.recipient, found.card
    return ContactShown(
        id=recipient.id,
        version=recipient.version,
        display_name=recipient.display_name,
        account_user_id=found.account_user_id,
        given_name=card.given_name,
        family_name=card.family_name,
        company=card.company,
        email=card.email,
        locale=card.locale,
        telephone=card.telephone,
        address_1=card.address_1,
        address_2=card.address_2,
        city=card.city,
        province=card.province,
        postcode=card.postcode,
    )


ROUTES = (
    Route("POST", "/v1/contacts", create_contact, takes=ContactFields, gives=ContactShown, status=201, once=True),
    Route("GET", "/v1/contacts/{contact_id}", get_contact, gives=ContactShown),
    Route("PUT", "/v1/contacts/{contact_id}", change_contact, takes=ContactFields, gives=ContactShown, edits=True),
    Route("DELETE", "/v1/contacts/{contact_id}", remove_contact, edits=True),
)
