"""notifications, put together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from services.chassis.authz_client import RemoteAccess
from services.chassis.guarding import Guard
from services.chassis.http_client import Peer
from services.chassis.jwks import KeySet
from services.chassis.service import Built, Platform, Service
from services.chassis.tokens import Verifier
from services.contracts.authz_events import SnapshotChanged
from services.contracts.identity_events import SessionRevoked
from services.notifications.adapters.identity_links import ActivationLinks
from services.notifications.adapters.letters import Letters
from services.notifications.adapters.mail_server import open_mail_server
from services.notifications.config import NotificationsSettings
from services.notifications.consumers import SUBSCRIPTIONS
from services.notifications.deps import Deps
from services.notifications.handlers import deliveries
from services.notifications.jobs import send_due_mail


@asynccontextmanager
async def build(settings: NotificationsSettings, platform: Platform) -> AsyncGenerator[Built[Deps]]:
    """Yield notifications' dependencies and guard for as long as the process runs."""
    access = RemoteAccess(Peer(platform.http, settings.authz_url, settings.internal_token))
    verifier = Verifier(KeySet(platform.http, settings.jwks_url).find)
    async with open_mail_server(
        settings.smtp_host,
        settings.smtp_port,
        connections=settings.smtp_connections,
        timeout_seconds=settings.smtp_timeout_seconds,
    ) as mail_server:
        yield Built(
            Deps(
                db=platform.db,
                access=access,
                links=ActivationLinks(Peer(platform.http, settings.identity_url, settings.internal_token)),
                letters=Letters(settings.sender_address, settings.public_url.rstrip("/")),
                mail_server=mail_server,
            ),
            Guard(verifier, {"peer": settings.internal_token}),
            {
                SnapshotChanged: access.drop,
                SessionRevoked: lambda _tenant_id, event: verifier.revoke(event),
            },
        )


SERVICE = Service(
    name="notifications",
    folder=Path(__file__).parent,
    settings=NotificationsSettings,
    build=build,
    routes=deliveries.ROUTES,
    subscriptions=SUBSCRIPTIONS,
    loops=(send_due_mail,),
)
