"""The smallest service on the chassis: it answers what it was sent and writes down the events it hears."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from services.chassis import ids, outbox
from services.chassis.answers import Streamed
from services.chassis.config import Settings
from services.chassis.consuming import Subscription
from services.chassis.database import Database, Transaction
from services.chassis.guarding import Guard
from services.chassis.jwks import KeySet
from services.chassis.reasons import reason_of
from services.chassis.refusals import Dialect
from services.chassis.service import Built, Platform, Service
from services.chassis.tokens import Verifier
from services.chassis.web import MAX_BODY_BYTES, Access, Call, Input, Output, Route
from services.contracts.envelope import Envelope
from services.contracts.identity_events import SessionRevoked, UserCreated, UserFacts
from services.contracts.vocabulary import UserId, UserState

POISON: Final = "POISON"
"""Code of a person at whose event the handler raises."""
SLOW: Final = "SLOW"
"""Code of a person at whose event the database gives up."""
QUEUE: Final = "notifications.invitations"
SPOKEN: Final = Dialect("application/spoken+json", "application/sorry+json", lambda _, status, __: {"sorry": status})


ENDINGS: Final[list[str]] = []


class EchoSettings(Settings):
    jwks_url: str


@dataclass(frozen=True, slots=True)
class Deps:
    db: Database
    endings: list[str]
    """How recitations ended."""


class Said(Input):
    text: Annotated[str, Field(max_length=100)]
    often: Annotated[int, Field(ge=1, le=9)] = 1


class Heard(Output):
    text: str
    version: int


class Asked(Input):
    text: str = ""


class Recited(Input):
    lines: int
    breaks_at: int = -1


async def say(_deps: Deps, _call: Call, asked: Said) -> Heard:
    """Say it again."""
    return Heard(text=asked.text * asked.often, version=7)


async def ask(_deps: Deps, _call: Call, asked: Asked) -> Heard:
    """Say what was asked."""
    return Heard(text=asked.text, version=7)


async def do(_deps: Deps, call: Call, asked: Said) -> Heard:
    """Say why it is to be done, and by which key."""
    key = call.idempotency_key
    return Heard(text=f"{asked.text} {reason_of(call.headers)} {key and key.key}", version=7)


async def change(_deps: Deps, call: Call) -> Heard:
    """Say which version is changed."""
    return Heard(text=str(call.id_in_path("thing_id")), version=call.version)


async def draw(_deps: Deps, call: Call) -> Streamed:
    """Send a picture back."""
    call.reply_headers["ETag"] = '"7"'
    body, piece = call.body, 65_536

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    return Streamed("image/png", pieces(), filename="schön.png")


async def recite(deps: Deps, _call: Call, asked: Recited) -> Streamed:
    """Recite line after line, or break down before one; every ending is written down."""

    async def lines() -> AsyncGenerator[bytes]:
        deps.endings.clear()
        try:
            for number in range(asked.lines):
                if number == asked.breaks_at:
                    raise RuntimeError("the secret word is swordfish")
                yield b"%06d\n" % number
        finally:
            deps.endings.append("ended")

    return Streamed("text/plain", lines())


async def break_down(_deps: Deps, _call: Call) -> None:
    """Fail as a bug does."""
    raise RuntimeError("the secret word is swordfish")


async def announce(deps: Deps, call: Call, asked: Said) -> None:
    """Publish a UserCreated per repetition; the text is the person's code."""
    async with deps.db.transaction(call.caller.tenant_id) as tx:
        for version in range(1, asked.often + 1):
            await outbox.add(tx, user_created(asked.text, version))


def user_created(code: str, version: int) -> UserCreated:
    """Return an event about a new person."""
    return UserCreated(
        user=UserFacts(
            user_id=UserId(ids.uuid7()),
            version=version,
            code=code,
            display_name="Gina Rossi",
            email="gina@agency.example",
            locale="it",
            state=UserState.PROVISIONED,
            principal_offices=(),
            secondary_offices=(),
        )
    )


async def hear(tx: Transaction, event: UserCreated, _envelope: Envelope) -> None:
    """Write an event down, or raise at a poisonous one unless somebody was cured of it."""
    if event.user.code == POISON and not await tx.value("SELECT 1 FROM echoes WHERE version = 0 LIMIT 1"):
        raise ValueError("cannot digest this")
    if event.user.code == SLOW:
        await tx.execute("SET LOCAL statement_timeout = 50")
        await tx.execute("SELECT pg_sleep(5)")
    await write(tx, event.user.user_id, event.user.version)


async def write(tx: Transaction, user_id: UUID, version: int) -> None:
    """Add a row; version 0 is the cure for poison."""
    await tx.execute(
        "INSERT INTO echoes (tenant_id, user_id, version) VALUES ($1, $2, $3)", tx.tenant_id, user_id, version
    )


@asynccontextmanager
async def build(settings: EchoSettings, platform: Platform) -> AsyncGenerator[Built[Deps]]:
    """Yield the dependencies."""
    verifier = Verifier(KeySet(platform.http, settings.jwks_url).find)
    yield Built(
        Deps(platform.db, ENDINGS),
        Guard(verifier, {"peer": settings.internal_token}),
        {SessionRevoked: lambda _tenant_id, event: verifier.revoke(event)},
    )


SERVICE: Final = Service(
    name="echo",
    folder=Path(__file__).parent,
    settings=EchoSettings,
    build=build,
    routes=(
        Route("POST", "/v1/words", say, takes=Said, gives=Heard),
        Route("POST", "/v1/deeds", do, takes=Said, gives=Heard),
        Route("GET", "/v1/words", ask, takes=Asked, gives=Heard),
        Route("PATCH", "/v1/things/{thing_id}", change, gives=Heard, edits=True),
        Route(
            "PUT",
            "/v1/pictures",
            draw,
            accepts=("image/png",),
            max_body_bytes=2 * MAX_BODY_BYTES,
            offers=("image/png",),
        ),
        Route("GET", "/v1/recitals", recite, takes=Recited, offers=("text/plain",)),
        Route("GET", "/v1/spoken", break_down, dialect=SPOKEN),
        Route("POST", "/v1/failures", break_down, access=Access.ANYONE),
        Route("POST", "/v1/announcements", announce, takes=Said, status=202),
        Route("POST", "/internal/v1/failures", break_down, access=Access.PEER),
        Route("POST", "/v1/licences", break_down, access=Access.OPERATOR),
    ),
    subscriptions=(Subscription(QUEUE, {UserCreated: hear}),),
)
