"""What an agency has chosen about signing in: columns of its row among the licences."""

import json
from dataclasses import dataclass
from typing import Any

from services.chassis.database import Transaction, json_object
from services.chassis.problems import Stale
from services.identity.domain.password_rules import PROFILES, Kind, OwnData, PasswordRules, Profile


@dataclass(frozen=True, slots=True)
class SignInSettings:
    profile: Profile
    rules: PasswordRules
    second_factor_required: bool
    version: int


async def get(tx: Transaction) -> SignInSettings:
    """Return the tenant's choice. No scope: one row a tenant."""
    row = await tx.row(
        """
        SELECT password_profile, password_rules::text AS rules, second_factor_required, sign_in_version
          FROM licences WHERE tenant_id = $1
        """,
        tx.tenant_id,
    )
    if row is None:
        raise LookupError("a tenant without a licence")
    profile = Profile(row["password_profile"])
    rules = _rules(json_object(row["rules"])) if profile is Profile.CUSTOM else PROFILES[profile]
    return SignInSettings(profile, rules, row["second_factor_required"], row["sign_in_version"])


async def save(tx: Transaction, settings: SignInSettings) -> None:
    """Write a changed choice, whose version is one above the stored one. Raises Stale."""
    rules = settings.rules
    written = {
        "shortest": rules.shortest,
        "kinds": sorted(rules.kinds),
        "own_data": rules.own_data,
        "remembered": rules.remembered,
    }
    saved = await tx.execute(
        """
        UPDATE licences
           SET password_profile = $2, password_rules = $3::text::jsonb, second_factor_required = $4,
               sign_in_version = $5
         WHERE tenant_id = $1 AND sign_in_version = $5 - 1
        """,
        tx.tenant_id,
        settings.profile,
        json.dumps(written) if settings.profile is Profile.CUSTOM else None,
        settings.second_factor_required,
        settings.version,
    )
    if not saved:
        raise Stale


def _rules(written: dict[str, Any]) -> PasswordRules:
    return PasswordRules(
        written["shortest"], frozenset(map(Kind, written["kinds"])), OwnData(written["own_data"]), written["remembered"]
    )
