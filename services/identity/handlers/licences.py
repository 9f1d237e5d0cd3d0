"""Agencies: taken on and sold seats by the operator of the installation, set up by their administrators."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Access, Call, Input, Output, Route
from services.contracts.vocabulary import OfficeId, Ownership, TenantId, UserId, UserState
from services.identity.deps import Deps
from services.identity.domain.licence import Licence, Office
from services.identity.domain.user import ADMINISTRATION, MANAGE, Assignments, User
from services.identity.handlers.access_policies import author
from services.identity.handlers.fields import Code, Email, LicenceCode, Locale, Name, Timezone, Userid
from services.identity.operations import licences
from services.identity.operations import users as operations
from services.identity.operations.access_policies import enact
from services.identity.operations.announcements import announce
from services.identity.operations.licences import Edit
from services.identity.store import licences as store
from services.identity.store import photos, users


class FirstAdministrator(Input):
    userid: Userid
    code: Code
    given_name: Name
    family_name: Name
    email: Email
    locale: Locale | None = None


class NewLicence(Input):
    licence_code: LicenceCode
    name: Name
    timezone: Timezone
    locale: Locale
    ownership: Ownership = Ownership.ASSIGNEE
    seats_bought: int = Field(default=0, ge=0, le=100_000)
    office_name: Name
    administrator: FirstAdministrator


class Invited(Input):
    licence_code: LicenceCode
    userid: Userid


class LicenceChange(Input):
    seats_bought: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """Beside the three that every licence includes (MG-1)."""
    licence_code: LicenceCode | None = None
    """Changed at the request of the contract holder alone (MG-24); people sign in with the new one from now on."""


class LicenceSettings(Input):
    """What is left out stays as it is."""

    name: Name | None = None
    timezone: Timezone | None = None
    """In which working hours, reports and the days of digests are."""
    locale: Locale | None = None
    """Of people who are added from now on."""
    ownership: Ownership | None = None
    """Whose own a record is."""


class LicenceShown(Output):
    licence_code: str
    name: str
    timezone: str
    locale: str
    ownership: Ownership
    seats: int
    seats_taken: int
    """By active people; whoever is suspended, a ghost or an external technician takes none."""
    storage_bytes: int
    """What photos take, originals and edited ones together (MG-66)."""
    version: int


class Announced(Output):
    events: int


class LicenceMade(Output):
    tenant_id: UUID
    licence_code: str
    office_id: UUID
    administrator_id: UUID


async def create_licence(deps: Deps, call: Call, asked: NewLicence) -> LicenceMade:
    """Take on an agency.

    Its first administrator gets an activation mail and may do everything once activated.
    """
    licence = Licence(
        tenant_id=TenantId(ids.uuid7()),
        licence_code=asked.licence_code,
        name=asked.name,
        timezone=asked.timezone,
        locale=asked.locale,
        ownership=asked.ownership,
        seats_bought=asked.seats_bought,
    )
    office = Office(ids.uuid7(), asked.office_name, 1)
    first = asked.administrator
    administrator = User(
        id=UserId(ids.uuid7()),
        userid=first.userid,
        code=first.code,
        given_name=first.given_name,
        family_name=first.family_name,
        email=first.email,
        locale=first.locale or asked.locale,
        state=UserState.PROVISIONED,
        assignments=Assignments(principal=(OfficeId(office.id),)),
        version=1,
        created_at=call.now,
    )
    await licences.create_licence(deps.db, licence, office, administrator, call.now)
    return LicenceMade(
        tenant_id=licence.tenant_id,
        licence_code=licence.licence_code,
        office_id=office.id,
        administrator_id=administrator.id,
    )


async def get_licence(deps: Deps, call: Call) -> LicenceShown:
    """Show the caller's agency, its seats and its storage. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    return await _found(deps, call.caller.tenant_id)


async def get_licence_by_code(deps: Deps, call: Call) -> LicenceShown:
    """Show the agency that has a licence code."""
    return await _found(deps, await tenant_of(deps, call.path["licence_code"]))


async def change_settings(deps: Deps, call: Call, asked: LicenceSettings) -> LicenceShown:
    """Change the agency's name, time zone, locale, or whose own its records are.

    Sessions that another time zone puts outside of working hours end at once. Needs admin.agents.manage; for the
    ownership, by which everybody sees other records, admin.permissions.manage too.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    require(snapshot, MANAGE)
    if asked.ownership is not None:
        require(snapshot, ADMINISTRATION)
    change = licences.settings_change(_edit(asked), call.version, author(call))
    await enact(deps.db, deps.administrators, call.caller.tenant_id, change, call.now)
    return await _found(deps, call.caller.tenant_id)


async def change_licence(deps: Deps, call: Call, asked: LicenceChange) -> LicenceShown:
    """Sell seats to an agency or take them back, as far as nobody sits on them; give it another licence code."""
    tenant_id = await tenant_of(deps, call.path["licence_code"])
    changed, taken = await licences.change_terms(deps.db, tenant_id, _edit(asked))
    async with deps.db.single_read(tenant_id) as tx:
        return _shown(changed, taken, await photos.used_bytes(tx))


async def request_activation_mail(deps: Deps, _call: Call, asked: Invited) -> None:
    """Send an activation mail again, for an agency whose only administrator lost it."""
    tenant_id = await tenant_of(deps, asked.licence_code)
    async with deps.db.single_read(tenant_id) as tx:
        user_id = await users.id_of(tx, asked.userid)
    if user_id is None:
        raise NotFound
    await operations.request_activation(deps.db, tenant_id, user_id)


async def announce_licence(deps: Deps, call: Call) -> Announced:
    """Tell the other services again of an agency, its offices, teams and people, after one of them was restored.

    Who knows it all already does nothing; nobody gets a mail.
    """
    return Announced(events=await announce(deps.db, await tenant_of(deps, call.path["licence_code"])))


async def tenant_of(deps: Deps, licence_code: str) -> TenantId:
    """Return which agency a licence code names. Raises NotFound, also for what can be no code."""
    if not licence_code.isprintable():
        raise NotFound
    async with deps.db.at_once() as queries:
        tenant_id = await store.tenant_of(queries, licence_code)
    if tenant_id is None:
        raise NotFound
    return tenant_id


def _edit(asked: LicenceChange | LicenceSettings) -> Edit:
    return lambda licence: replace(licence, **asked.model_dump(exclude_none=True))


async def _found(deps: Deps, tenant_id: TenantId) -> LicenceShown:
    async with deps.db.transaction(tenant_id, readonly=True) as tx:
        return _shown(await store.get(tx), await users.count_active(tx), await photos.used_bytes(tx))


def _shown(licence: Licence, seats_taken: int, storage_bytes: int) -> LicenceShown:
    return LicenceShown(
        licence_code=licence.licence_code,
        name=licence.name,
        timezone=licence.timezone,
        locale=licence.locale,
        ownership=licence.ownership,
        seats=licence.seats,
        seats_taken=seats_taken,
        storage_bytes=storage_bytes,
        version=licence.version,
    )


ROUTES = (
    Route("GET", "/v1/licence", get_licence, gives=LicenceShown),
    Route("PATCH", "/v1/licence", change_settings, takes=LicenceSettings, gives=LicenceShown, edits=True),
    Route("GET", "/v1/licences/{licence_code}", get_licence_by_code, gives=LicenceShown, access=Access.OPERATOR),
    Route(
        "PATCH",
        "/v1/licences/{licence_code}",
        change_licence,
        takes=LicenceChange,
        gives=LicenceShown,
        access=Access.OPERATOR,
    ),
    Route(
        "POST",
        "/v1/licences",
        create_licence,
        takes=NewLicence,
        gives=LicenceMade,
        status=201,
        access=Access.OPERATOR,
    ),
    Route(
        "POST",
        "/v1/licences/{licence_code}/announcements",
        announce_licence,
        gives=Announced,
        status=202,
        access=Access.OPERATOR,
    ),
    Route(
        "POST",
        "/v1/activation-mails",
        request_activation_mail,
        takes=Invited,
        status=202,
        access=Access.OPERATOR,
    ),
)
