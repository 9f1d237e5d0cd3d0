"""Calls of peer services; not reachable through the gateway."""

from services.chassis.web import Access, Call, Route
from services.contracts.identity_api import ActivationLink, PasswordResetLink
from services.contracts.vocabulary import TenantId, UserId
from services.identity.deps import Deps
from services.identity.operations import activations, passwords


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
    )


ROUTES = (
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
