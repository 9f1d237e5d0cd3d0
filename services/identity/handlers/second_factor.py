"""The second factor of sign-in: authenticator apps and recovery codes."""

from typing import Annotated

from pydantic import Field

from services.chassis.authz_client import require
from services.chassis.web import Access, Call, Input, Output, Route
from services.contracts.vocabulary import UserId
from services.identity.adapters import secret_tokens
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.deps import Deps
from services.identity.domain import totp
from services.identity.domain.second_factor import ChallengeOver
from services.identity.domain.user import MANAGE
from services.identity.handlers.fields import Password
from services.identity.handlers.sessions import OpenedTokens, opened_tokens, origin_of
from services.identity.handlers.ways_in import may_change_way_in, require_person
from services.identity.operations import passwords
from services.identity.operations import second_factor as operations
from services.identity.store import licences, second_factors, users
from services.identity.store.sign_in_settings import SignInSettings

Token = Annotated[str, Field(min_length=1, max_length=128)]


class PresentPassword(Input):
    present_password: Password


class Code(Input):
    code: Annotated[str, Field(min_length=6, max_length=40, json_schema_extra={"writeOnly": True})]


class Waiting(Input):
    challenge_token: Token


class SecondStep(Code):
    """A code of the app, six digits, or a recovery code."""

    challenge_token: Token
    device_token: Token | None = None
    """From an earlier sign-in on the same device; wrong codes from elsewhere then do not stand in the way."""


class Enrolment(Output):
    secret: str
    """Base 32, for typing into an app."""
    otpauth_url: str
    """For a QR code that is drawn by the client, never sent anywhere."""


class RecoveryCodes(Output):
    recovery_codes: list[str]
    """Each works once in place of the app; shown this once."""


class SecondFactorShown(Output):
    in_use: bool
    demanded: bool
    recovery_codes_left: int


class Demand(Input):
    demanded: bool


class DemandShown(Output):
    demanded: bool
    version: int


async def get_second_factor(deps: Deps, call: Call) -> SecondFactorShown:
    """Show whether the caller has a second factor."""
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await second_factors.of(tx, call.caller.user_id)
        left = await second_factors.count_codes(tx, call.caller.user_id)
    return SecondFactorShown(in_use=found.in_use, demanded=found.demanded, recovery_codes_left=left)


async def create_authenticator(deps: Deps, call: Call, asked: PresentPassword) -> Enrolment:
    """Set up an authenticator app; it is in use once a code of it was confirmed. A machine may not."""
    await require_person(deps, call)
    secret = await operations.enrol(deps.gate, call.caller, asked.present_password, call.now)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        licence, user = await licences.get(tx), await users.find(tx, call.caller.user_id)
    return _enrolment(secret, licence.name, user.userid if user else "")


async def create_authenticator_to_sign_in(deps: Deps, call: Call, asked: Waiting) -> Enrolment:
    """Set one up where the agency demands it and the sign-in waits for it."""
    token = parsed(asked.challenge_token)
    secret, user = await operations.enrol_to_sign_in(deps.gate, token, call.now)
    async with deps.db.single_read(token.tenant_id) as tx:
        licence = await licences.get(tx)
    return _enrolment(secret, licence.name, user.userid)


async def confirm_authenticator(deps: Deps, call: Call, asked: Code) -> RecoveryCodes:
    """Confirm the app by a code of it; the answer holds recovery codes. A machine may not."""
    await require_person(deps, call)
    codes = await operations.confirm(deps.gate, call.caller, asked.code, call.now)
    return RecoveryCodes(recovery_codes=list(codes))


async def finish_session(deps: Deps, call: Call, asked: SecondStep) -> OpenedTokens:
    """Finish a sign-in that waits for a second factor, or for an app; with the first factor come recovery codes."""
    device = secret_tokens.parse(asked.device_token) if asked.device_token else None
    token = parsed(asked.challenge_token)
    opened = await operations.sign_in(deps.gate, token, asked.code, origin_of(call, device), call.now)
    return await opened_tokens(deps, opened, call.now)


async def create_recovery_codes(deps: Deps, call: Call, asked: PresentPassword) -> RecoveryCodes:
    """Make new recovery codes; earlier ones end. A machine may not."""
    await require_person(deps, call)
    codes = await operations.renew_codes(deps.gate, call.caller, asked.present_password, call.now)
    return RecoveryCodes(recovery_codes=list(codes))


async def remove_second_factor(deps: Deps, call: Call, asked: PresentPassword) -> None:
    """Do without a second factor, if the agency allows it. A machine may not."""
    await require_person(deps, call)
    await operations.remove(deps.gate, call.caller, asked.present_password, call.now)


async def remove_second_factor_of_user(deps: Deps, call: Call) -> None:
    """Take a lost second factor from a colleague, who is told and signed out. Needs admin.agents.manage.

    From somebody who manages rights it takes admin.permissions.manage, too.
    """
    user_id = UserId(call.id_in_path("user_id"))
    await may_change_way_in(deps, call, user_id)
    await operations.remove_of(deps.gate, call.caller.tenant_id, user_id, call.now)


async def change_demand(deps: Deps, call: Call, asked: Demand) -> DemandShown:
    """Demand a second factor of everybody from the next sign-in on, or no longer. Needs admin.agents.manage.

    The version is that of the password policy.
    """
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)

    def change(settings: SignInSettings) -> SignInSettings:
        return SignInSettings(settings.profile, settings.rules, asked.demanded, settings.version)

    changed = await passwords.change_settings(deps.db, call.caller.tenant_id, change, call.version)
    return DemandShown(demanded=changed.second_factor_required, version=changed.version)


def parsed(text: str) -> SecretToken:
    """Return the token of a sign-in that waits. Raises ChallengeOver for what can be none."""
    token = secret_tokens.parse(text)
    if token is None:
        raise ChallengeOver
    return token


def _enrolment(secret: bytes, agency: str, userid: str) -> Enrolment:
    return Enrolment(secret=totp.written(secret), otpauth_url=totp.enrolment_address(secret, agency, userid))


ROUTES = (
    Route("GET", "/v1/me/second-factor", get_second_factor, gives=SecondFactorShown),
    Route("POST", "/v1/me/authenticator", create_authenticator, takes=PresentPassword, gives=Enrolment, status=201),
    Route("POST", "/v1/me/authenticator/confirmation", confirm_authenticator, takes=Code, gives=RecoveryCodes),
    Route("POST", "/v1/me/recovery-codes", create_recovery_codes, takes=PresentPassword, gives=RecoveryCodes),
    Route("POST", "/v1/me/second-factor-removal", remove_second_factor, takes=PresentPassword),
    Route(
        "POST",
        "/v1/sessions/authenticator",
        create_authenticator_to_sign_in,
        takes=Waiting,
        gives=Enrolment,
        status=201,
        access=Access.ANYONE,
    ),
    Route(
        "POST",
        "/v1/sessions/second-factor",
        finish_session,
        takes=SecondStep,
        gives=OpenedTokens,
        status=201,
        access=Access.ANYONE,
    ),
    Route("DELETE", "/v1/users/{user_id}/second-factor", remove_second_factor_of_user),
    Route("PUT", "/v1/second-factor-policy", change_demand, takes=Demand, gives=DemandShown, edits=True),
)
