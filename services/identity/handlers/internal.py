"""Calls of peer services; not reachable through the gateway."""

from datetime import timedelta

from services.chassis.web import Access, Call, Input, Route
from services.contracts.identity_api import ActivationLink, AgencyFigures, PasswordResetLink
from services.contracts.instants import Instant
from services.contracts.vocabulary import TenantId, UserId
from services.identity.deps import Deps
from services.identity.operations import activations, passwords
from services.identity.store import figures


class FiguresQuery(Input):
    since: Instant
    until: Instant


async def get_figures(deps: Deps, call: Call, asked: FiguresQuery) -> AgencyFigures:
    """Give what the weekly report of an agency says."""
    async with deps.db.transaction(TenantId(call.id_in_path("tenant_id")), readonly=True) as tx:
        return await figures.of_agency(tx, asked.since, asked.until, timedelta(days=14))


async def create_activation_link(deps: Deps, call: Call) -> ActivationLink:
    """Make a fresh activation link; its secret stands behind `#`, where no server log ever sees it."""
    token, user, licence = await activations.issue_link(
        deps.db,
        TenantId(call.id_in_path("tenant_id")),
        UserId(call.id_in_path("user_id")),
        deps.links.lifetime,
        call.now,
    )
    return ActivationLink(
        url=f"{deps.links.public_url}/activate#token={token}",
        expires_at=call.now + deps.links.lifetime,
        licence_code=licence.licence_code,
        userid=user.userid,
        agency=licence.name,
        display_name=user.display_name,
        email=user.email,
    )


async def create_password_reset_link(deps: Deps, call: Call) -> PasswordResetLink:
    """Make a fresh reset link, its secret behind `#` as well."""
    token, user, licence = await passwords.issue_link(
        deps.db, TenantId(call.id_in_path("tenant_id")), UserId(call.id_in_path("user_id")), call.now
    )
    return PasswordResetLink(
        url=f"{deps.links.public_url}/reset-password#token={token}",
        expires_at=call.now + passwords.LINK_LIFETIME,
        licence_code=licence.licence_code,
        userid=user.userid,
        agency=licence.name,
        display_name=user.display_name,
        email=user.email,
    )


ROUTES = (
    Route(
        "GET",
        "/internal/v1/tenants/{tenant_id}/figures",
        get_figures,
        takes=FiguresQuery,
        gives=AgencyFigures,
        access=Access.PEER,
    ),
    Route(
        "POST",
        "/internal/v1/tenants/{tenant_id}/users/{user_id}/password-reset-links",
        create_password_reset_link,
        gives=PasswordResetLink,
        status=201,
        access=Access.PEER,
    ),
    Route(
        "POST",
        "/internal/v1/tenants/{tenant_id}/users/{user_id}/activation-links",
        create_activation_link,
        gives=ActivationLink,
        status=201,
        access=Access.PEER,
    ),
)
