"""Taking on agencies: for the operator of the installation only."""

from uuid import UUID

from pydantic import Field

from services.chassis import ids
from services.chassis.problems import NotFound
from services.chassis.web import Access, Call, Input, Output, Route
from services.contracts.vocabulary import OfficeId, Ownership, TenantId, UserId, UserState
from services.identity.deps import Deps
from services.identity.domain.licence import Licence, Office
from services.identity.domain.user import Assignments, User
from services.identity.handlers.fields import Code, Email, LicenceCode, Locale, Name, Timezone, Userid
from services.identity.operations import licences
from services.identity.operations import users as operations
from services.identity.store import licences as store
from services.identity.store import users


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


async def request_activation_mail(deps: Deps, _call: Call, asked: Invited) -> None:
    """Send an activation mail again, for an agency whose only administrator lost it."""
    async with deps.db.across_tenants() as queries:
        tenant_id = await store.tenant_of(queries, asked.licence_code)
    if tenant_id is None:
        raise NotFound
    async with deps.db.transaction(tenant_id, readonly=True) as tx:
        user_id = await users.id_of(tx, asked.userid)
    if user_id is None:
        raise NotFound
    await operations.request_activation(deps.db, tenant_id, user_id)


ROUTES = (
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
        "/v1/activation-mails",
        request_activation_mail,
        takes=Invited,
        status=202,
        access=Access.OPERATOR,
    ),
)
