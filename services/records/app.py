"""records, put together."""

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
from services.records import consumers, jobs
from services.records.adapters.deciding_sources import Sources
from services.records.adapters.hypotheses import Hypotheses
from services.records.adapters.stamps import Stamps
from services.records.adapters.streams import Streams
from services.records.config import RecordsSettings
from services.records.deps import Deps
from services.records.handlers import (
    appointments,
    attachments,
    authzen,
    contacts,
    documents,
    exports,
    inquiries,
    listing_life,
    listings,
    matches,
    prints,
    record_rights,
    required_fields,
    saved_searches,
    schedules,
    search_criteria,
    tombstones,
)


@asynccontextmanager
async def build(settings: RecordsSettings, platform: Platform) -> AsyncGenerator[Built[Deps]]:
    """Yield records' dependencies and guard for as long as the process runs."""
    authz = Peer(platform.http, settings.authz_url, settings.internal_token)
    access = RemoteAccess(authz)
    verifier = Verifier(KeySet(platform.http, settings.jwks_url).find)
    yield Built(
        Deps(
            db=platform.db,
            access=access,
            stamps=Stamps(authz),
            hypotheses=Hypotheses(authz),
            sources=Sources(authz),
            streams=Streams(),
        ),
        Guard(verifier, {"peer": settings.internal_token}),
        {
            SnapshotChanged: access.drop,
            SessionRevoked: lambda _tenant_id, event: verifier.revoke(event),
        },
    )


SERVICE = Service(
    name="records",
    folder=Path(__file__).parent,
    settings=RecordsSettings,
    build=build,
    routes=(
        *listings.ROUTES,
        *listing_life.ROUTES,
        *inquiries.ROUTES,
        *contacts.ROUTES,
        *search_criteria.ROUTES,
        *matches.ROUTES,
        *record_rights.ROUTES,
        *saved_searches.ROUTES,
        *appointments.ROUTES,
        *exports.ROUTES,
        *prints.ROUTES,
        *required_fields.ROUTES,
        *schedules.ROUTES,
        *authzen.ROUTES,
        *documents.ROUTES,
        *attachments.ROUTES,
        *tombstones.ROUTES,
    ),
    subscriptions=consumers.SUBSCRIPTIONS,
    loops=(jobs.carry_out_schedules, jobs.tell_of_matches),
)
