"""notifications, put together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from services.chassis.authz_client import RemoteAccess
from services.chassis.guarding import Guard
from services.chassis.http_client import Peer
from services.chassis.jwks import KeySet
from services.chassis.service import Built, Platform, Service
from services.chassis.tokens import Verifier
from services.contracts.authz_events import SnapshotChanged
from services.contracts.identity_events import SessionRevoked
from services.notifications.adapters.agency_figures import Figures
from services.notifications.adapters.identity_links import IdentityLinks
from services.notifications.adapters.leave_links import LeaveLinks
from services.notifications.adapters.letters import Letters
from services.notifications.adapters.mail_server import open_mail_server
from services.notifications.adapters.messages import Messages
from services.notifications.adapters.recipient_rights import RecipientRights
from services.notifications.config import NotificationsSettings
from services.notifications.consumers import SUBSCRIPTIONS
from services.notifications.deps import Deps
from services.notifications.handlers import (
    bounces,
    contacts,
    deliveries,
    digests,
    messages,
    parked,
    preferences,
    recipients,
    unsubscriptions,
    wordings,
)
from services.notifications.jobs import send_digests, send_due_mail, send_reports, take_bounces, tidy
from services.notifications.operations.writing import Desk


@asynccontextmanager
async def build(settings: NotificationsSettings, platform: Platform) -> AsyncGenerator[Built[Deps]]:
    """Yield notifications' dependencies and guard for as long as the process runs."""
    access = RemoteAccess(Peer(platform.http, settings.authz_url, settings.internal_token))
    verifier = Verifier(KeySet(platform.http, settings.jwks_url).find)
    async with open_mail_server(
        settings.endpoint,
        connections=settings.smtp_connections,
        timeout_seconds=settings.smtp_timeout_seconds,
    ) as mail_server:
        yield Built(
            Deps(
                db=platform.db,
                access=access,
                desk=_desk(settings, platform),
                messages=Messages(settings.sender_address, settings.domains),
                mail_server=mail_server,
                per_domain=settings.smtp_connections_per_domain,
            ),
            Guard(verifier, _secrets(settings)),
            {
                SnapshotChanged: access.drop,
                SessionRevoked: lambda _tenant_id, event: verifier.revoke(event),
            },
        )


def _secrets(settings: NotificationsSettings) -> dict[str, SecretStr]:
    secrets = {"peer": settings.internal_token}
    return secrets if settings.bounce_token is None else secrets | {"operator": settings.bounce_token}


def _desk(settings: NotificationsSettings, platform: Platform) -> Desk:
    public_url = settings.public_url.rstrip("/")
    identity = Peer(platform.http, settings.identity_url, settings.internal_token)
    return Desk(
        links=IdentityLinks(identity),
        leave_links=LeaveLinks(settings.leave_link_secret or settings.internal_token, public_url),
        letters=Letters(public_url),
        rights=RecipientRights(Peer(platform.http, settings.authz_url, settings.internal_token)),
        figures=Figures(identity),
        sender=settings.sender_address,
    )


SERVICE = Service(
    name="notifications",
    folder=Path(__file__).parent,
    settings=NotificationsSettings,
    build=build,
    routes=(
        *deliveries.ROUTES,
        *recipients.ROUTES,
        *contacts.ROUTES,
        *preferences.ROUTES,
        *messages.ROUTES,
        *wordings.ROUTES,
        *unsubscriptions.ROUTES,
        *bounces.ROUTES,
        *digests.ROUTES,
        *parked.ROUTES,
    ),
    subscriptions=SUBSCRIPTIONS,
    loops=(send_due_mail, take_bounces, send_digests, send_reports, tidy),
)
