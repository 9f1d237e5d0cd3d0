"""identity, put together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from services.chassis.authz_client import RemoteAccess
from services.chassis.guarding import Guard
from services.chassis.http_client import Peer
from services.chassis.service import Built, Platform, Service
from services.chassis.tokens import Verifier
from services.contracts.authz_events import SnapshotChanged
from services.contracts.identity_events import SessionRevoked
from services.identity.adapters.authz_administrators import Administrators
from services.identity.adapters.authz_site import Site
from services.identity.adapters.common_passwords import common_passwords
from services.identity.adapters.keyed_digests import KeyedDigests
from services.identity.adapters.passwords import PasswordHashing
from services.identity.adapters.pictures import Pictures
from services.identity.adapters.relying_party import RelyingParty
from services.identity.adapters.sealed_secrets import SealedSecrets
from services.identity.adapters.signing_keys import SigningKeys
from services.identity.config import IdentitySettings
from services.identity.deps import Deps, Links
from services.identity.handlers import (
    access_policies,
    access_templates,
    activations,
    agent_cards,
    audit_entries,
    internal,
    keys,
    licences,
    login_report,
    login_report_files,
    machine_tokens,
    network_zones,
    offices,
    passkey_sign_in,
    passkeys,
    password_policy,
    passwords,
    photos,
    regions,
    scim,
    scim_bulk,
    scim_discovery,
    second_factor,
    sessions,
    sub_accounts,
    support_access,
    teams,
    users,
)
from services.identity.jobs import (
    announce_refusals,
    count_administrators,
    end_accounts,
    purge_expired,
    repeat_running_revocations,
    rotate_signing_keys,
    send_for_resets,
)
from services.identity.operations.sessions import Gate


@asynccontextmanager
async def build(settings: IdentitySettings, platform: Platform) -> AsyncGenerator[Built[Deps]]:
    """Yield identity's dependencies and guard for as long as the process runs."""
    authz = Peer(platform.http, settings.authz_url, settings.internal_token)
    access = RemoteAccess(authz)
    signing = SigningKeys(platform.db, settings.signing_key_passphrase)
    verifier = Verifier(signing.find)
    with (
        PasswordHashing(settings.password_memory_kib, settings.password_passes) as hashing,
        Pictures() as pictures,
    ):
        yield Built(
            Deps(
                db=platform.db,
                access=access,
                administrators=Administrators(authz),
                site=Site(authz),
                signing=signing,
                links=Links(settings.public_url.rstrip("/"), timedelta(hours=settings.activation_hours)),
                pictures=pictures,
                gate=Gate(
                    platform.db,
                    hashing,
                    KeyedDigests(settings.signing_key_passphrase),
                    SealedSecrets(settings.signing_key_passphrase),
                    RelyingParty.at(settings.public_url, settings.passkey_domain, settings.passkey_origins.split()),
                    common_passwords(),
                    timedelta(hours=settings.session_hours),
                ),
                key_term=timedelta(days=settings.signing_key_days),
            ),
            Guard(verifier, {"peer": settings.internal_token, "operator": settings.operator_token}),
            {
                SnapshotChanged: access.drop,
                SessionRevoked: lambda _tenant_id, event: verifier.revoke(event),
            },
        )


SERVICE = Service(
    name="identity",
    folder=Path(__file__).parent,
    settings=IdentitySettings,
    build=build,
    routes=(
        *licences.ROUTES,
        *sessions.ROUTES,
        *users.ROUTES,
        *agent_cards.ROUTES,
        *photos.ROUTES,
        *sub_accounts.ROUTES,
        *offices.ROUTES,
        *regions.ROUTES,
        *teams.ROUTES,
        *login_report.ROUTES,
        *login_report_files.ROUTES,
        *audit_entries.ROUTES,
        *access_policies.ROUTES,
        *access_templates.ROUTES,
        *network_zones.ROUTES,
        *activations.ROUTES,
        *passwords.ROUTES,
        *password_policy.ROUTES,
        *second_factor.ROUTES,
        *passkeys.ROUTES,
        *passkey_sign_in.ROUTES,
        *machine_tokens.ROUTES,
        *support_access.ROUTES,
        *scim.ROUTES,
        *scim_bulk.ROUTES,
        *scim_discovery.ROUTES,
        *keys.ROUTES,
        *internal.ROUTES,
    ),
    loops=(
        purge_expired,
        rotate_signing_keys,
        repeat_running_revocations,
        announce_refusals,
        send_for_resets,
        end_accounts,
        count_administrators,
    ),
)
