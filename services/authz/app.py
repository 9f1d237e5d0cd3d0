"""authz, put together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.config import AuthzSettings
from services.authz.consumers import SUBSCRIPTIONS
from services.authz.deps import Deps
from services.authz.handlers import (
    access,
    authzen,
    catalogue,
    decisions,
    explanations,
    groups,
    hypotheses,
    internal,
    modules,
    person_rights,
    rights_changes,
    shapes,
    stamps,
    templates,
)
from services.authz.jobs import expire_rights, offer_new_permissions
from services.authz.operations.snapshots import KeptAccess
from services.chassis.guarding import Guard
from services.chassis.jwks import KeySet
from services.chassis.service import Built, Platform, Service
from services.chassis.tokens import Verifier
from services.contracts.identity_events import SessionRevoked


@asynccontextmanager
async def build(settings: AuthzSettings, platform: Platform) -> AsyncGenerator[Built[Deps]]:
    """Yield authz's dependencies and guard for as long as the process runs."""
    verifier = Verifier(KeySet(platform.http, settings.jwks_url).find)
    access = KeptAccess(platform.db, permission_catalogue())
    yield Built(
        Deps(
            db=platform.db,
            access=access,
            catalogue=permission_catalogue(),
            public_url=settings.public_url.rstrip("/"),
        ),
        Guard(verifier, {"peer": settings.internal_token}),
        {SessionRevoked: lambda _tenant_id, event: verifier.revoke(event)},
        (access.listen,),
    )


SERVICE = Service(
    name="authz",
    folder=Path(__file__).parent,
    settings=AuthzSettings,
    build=build,
    routes=(
        *catalogue.ROUTES,
        *modules.ROUTES,
        *groups.ROUTES,
        *templates.ROUTES,
        *person_rights.ROUTES,
        *shapes.ROUTES,
        *stamps.ROUTES,
        *access.ROUTES,
        *explanations.ROUTES,
        *decisions.ROUTES,
        *hypotheses.ROUTES,
        *rights_changes.ROUTES,
        *authzen.ROUTES,
        *internal.ROUTES,
    ),
    subscriptions=SUBSCRIPTIONS,
    loops=(expire_rights, offer_new_permissions),
)
