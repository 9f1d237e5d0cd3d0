"""SCIM 2.0: users are the agency's colleagues."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import StringConstraints
from scim2_models import SearchRequest

from services.chassis.problems import NotFound
from services.chassis.web import Input
from services.contracts.vocabulary import UserId
from services.identity.adapters.scim_messages import Document, ScimRefused, narrowing, patched, read, reading
from services.identity.adapters.scim_resources import User, user_of
from services.identity.domain.directory import DirectoryEntry, WantedPerson
from services.identity.handlers.fields import Email, Name, Userid
from services.identity.handlers.scim_protocol import Kind
from services.identity.operations import provisioning
from services.identity.operations.provisioning import Provisioning
from services.identity.store import directory

EntryText = Annotated[str, StringConstraints(max_length=256)]


class _Checked(Input):
    """The forms that identity demands of what a directory sends."""

    user_name: Userid
    given_name: Name
    family_name: Name
    email: Email
    external_id: EntryText | None
    display_name: EntryText | None


async def add(to: Provisioning, document: Document) -> UUID:
    """Return the id of a new colleague. Raises ScimRefused and what `provisioning.add_person` raises."""
    return await provisioning.add_person(to, wanted(read(User, _with_active(document, active=True))))


async def replace(to: Provisioning, user_id: UUID, version: int | None, document: Document) -> None:
    """Replace what the directory keeps of a colleague; `active` stays if it is not given."""
    await provisioning.edit_person(
        to, UserId(user_id), version, lambda person: wanted(read(User, _with_active(document, active=person.active)))
    )


async def change(to: Provisioning, user_id: UUID, version: int | None, document: Document) -> None:
    """Change a colleague by the operations of a PATCH."""
    await provisioning.edit_person(
        to, UserId(user_id), version, lambda person: wanted(patched(user_of(person, ""), document))
    )


async def remove(to: Provisioning, user_id: UUID, version: int | None) -> None:
    """Make a colleague a ghost."""
    await provisioning.remove_person(to, UserId(user_id), version)


async def find(to: Provisioning, user_id: UUID, base: str) -> User:
    """Return a colleague. Raises NotFound."""
    async with to.db.single_read(to.tenant_id) as tx:
        person = await directory.person(tx, UserId(user_id))
    if person is None:
        raise NotFound
    return user_of(person, base)


async def search(to: Provisioning, asked: SearchRequest[Any], base: str) -> Sequence[User]:
    """Return the colleagues among whom those are that are searched."""
    async with to.db.single_read(to.tenant_id) as tx:
        found = await directory.people(tx, narrowing(asked, "username"))
    return [user_of(person, base) for person in found]


def wanted(resource: User) -> WantedPerson:
    """Return the person that a resource describes. Raises ScimRefused."""
    name: Any = resource.name
    if name is None or not resource.emails:
        raise ScimRefused("name and emails are needed.", "invalidValue")
    email = min(resource.emails, key=lambda one: (not one.primary, one.type != "work"))
    with reading():
        checked = _Checked.model_validate(
            {
                "user_name": resource.user_name,
                "given_name": name.given_name,
                "family_name": name.family_name,
                "email": email.value,
                "external_id": resource.external_id,
                "display_name": resource.display_name,
            }
        )
    return WantedPerson(
        userid=checked.user_name,
        given_name=checked.given_name,
        family_name=checked.family_name,
        email=checked.email,
        active=bool(resource.active),
        entry=DirectoryEntry(checked.external_id, checked.display_name, email.primary is not False),
    )


def _with_active(document: Document, *, active: bool) -> Document:
    """Return a document that says whether the person is active, as it does itself or else like this."""
    return document if any(name.lower() == "active" for name in document) else {**document, "active": active}


PEOPLE: Final = Kind(User, "Users", add, replace, change, remove, find, search)
