"""Signing in by passkey. Each step asks the browser by `options` and takes its answer."""

from typing import Annotated

from pydantic import Field

from services.chassis.web import Access, Call, Input, Route
from services.identity.adapters import secret_tokens
from services.identity.deps import Deps
from services.identity.handlers.passkeys import Base64Url, CeremonyOptions, FromBrowser, PasskeyFields
from services.identity.handlers.second_factor import Token, Waiting, parsed
from services.identity.handlers.sessions import OpenedTokens, opened_tokens, origin_of
from services.identity.operations import passkey_sign_in as operations
from services.identity.operations.sessions import Origin

Licence = Annotated[str, Field(min_length=1, max_length=64)]


class AssertionResponse(FromBrowser):
    clientDataJSON: Base64Url  # noqa: N815 the browser's name
    authenticatorData: Base64Url  # noqa: N815 the browser's name
    signature: Base64Url
    userHandle: Base64Url | None = None  # noqa: N815 the browser's name


class UsedCredential(FromBrowser):
    """`PublicKeyCredential.toJSON()` of what `navigator.credentials.get` gave."""

    id: Base64Url
    rawId: Base64Url  # noqa: N815 the browser's name
    type: Annotated[str, Field(max_length=32)]
    response: AssertionResponse


class Agency(Input):
    licence_code: Licence


class PasskeySignIn(Agency):
    credential: UsedCredential
    device_token: Token | None = None


class PasskeySecondStep(Waiting):
    credential: UsedCredential
    device_token: Token | None = None
    """From an earlier sign-in on the same device; wrong codes from elsewhere then do not stand in the way."""


class PasskeyEnrolment(PasskeyFields, Waiting):
    device_token: Token | None = None


async def begin_passkey_session(deps: Deps, call: Call, asked: Agency) -> CeremonyOptions:
    """Begin to sign in to an agency with a passkey and nothing else."""
    options = await operations.begin(deps.gate, asked.licence_code, call.address, call.now)
    return CeremonyOptions(public_key=dict(options))


async def create_passkey_session(deps: Deps, call: Call, asked: PasskeySignIn) -> OpenedTokens:
    """Sign in with a passkey that has verified its holder; the access policy holds as with a password.

    Every passkey that is not right gets the same answer, wrong_passkey.
    """
    origin = _origin(call, asked.device_token)
    answer = asked.credential.model_dump()
    opened = await operations.sign_in(deps.gate, asked.licence_code, answer, origin, call.now)
    return await opened_tokens(deps, opened, call.now)


async def begin_passkey_second_step(deps: Deps, call: Call, asked: Waiting) -> CeremonyOptions:
    """Begin to use a passkey as the second factor of a sign-in that waits."""
    options = await operations.begin_second_step(deps.gate, parsed(asked.challenge_token), call.now)
    return CeremonyOptions(public_key=dict(options))


async def finish_session_with_passkey(deps: Deps, call: Call, asked: PasskeySecondStep) -> OpenedTokens:
    """Finish a sign-in that waits for a second factor with a passkey."""
    token, origin = parsed(asked.challenge_token), _origin(call, asked.device_token)
    opened = await operations.second_step(deps.gate, token, asked.credential.model_dump(), origin, call.now)
    return await opened_tokens(deps, opened, call.now)


async def begin_passkey_enrolment(deps: Deps, call: Call, asked: Waiting) -> CeremonyOptions:
    """Begin to add a passkey where a second factor is demanded and the sign-in waits for the first one."""
    options = await operations.begin_enrolment(deps.gate, parsed(asked.challenge_token), call.now)
    return CeremonyOptions(public_key=dict(options))


async def finish_session_with_new_passkey(deps: Deps, call: Call, asked: PasskeyEnrolment) -> OpenedTokens:
    """Add that passkey and finish the sign-in; the answer holds recovery codes."""
    token, origin = parsed(asked.challenge_token), _origin(call, asked.device_token)
    opened = await operations.enrol(deps.gate, token, asked.new(), origin, call.now)
    return await opened_tokens(deps, opened, call.now)


def _origin(call: Call, device_token: str | None) -> Origin:
    return origin_of(call, secret_tokens.parse(device_token) if device_token else None)


ROUTES = (
    Route(
        "POST",
        "/v1/sessions/passkey/options",
        begin_passkey_session,
        takes=Agency,
        gives=CeremonyOptions,
        access=Access.ANYONE,
    ),
    Route(
        "POST",
        "/v1/sessions/passkey",
        create_passkey_session,
        takes=PasskeySignIn,
        gives=OpenedTokens,
        status=201,
        access=Access.ANYONE,
    ),
    Route(
        "POST",
        "/v1/sessions/second-factor/passkey/options",
        begin_passkey_second_step,
        takes=Waiting,
        gives=CeremonyOptions,
        access=Access.ANYONE,
    ),
    Route(
        "POST",
        "/v1/sessions/second-factor/passkey",
        finish_session_with_passkey,
        takes=PasskeySecondStep,
        gives=OpenedTokens,
        status=201,
        access=Access.ANYONE,
    ),
    Route(
        "POST",
        "/v1/sessions/new-passkey/options",
        begin_passkey_enrolment,
        takes=Waiting,
        gives=CeremonyOptions,
        access=Access.ANYONE,
    ),
    Route(
        "POST",
        "/v1/sessions/new-passkey",
        finish_session_with_new_passkey,
        takes=PasskeyEnrolment,
        gives=OpenedTokens,
        status=201,
        access=Access.ANYONE,
    ),
)
