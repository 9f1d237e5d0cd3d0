"""One's own passkeys. The documents of a ceremony are those of the browser (WebAuthn Level 3, 5.1 and 5.10)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.identity.deps import Deps
from services.identity.domain.passkey import Passkey
from services.identity.handlers.fields import Name
from services.identity.handlers.second_factor import PresentPassword
from services.identity.handlers.ways_in import require_person
from services.identity.operations import passkeys as operations
from services.identity.operations.passkeys import NewPasskey
from services.identity.store import passkeys

Base64Url = Annotated[str, Field(min_length=1, max_length=65_536)]


class FromBrowser(Input):
    """What a browser writes, who may know more members than we do; those are ignored."""

    model_config = ConfigDict(extra="ignore")


class AttestationResponse(FromBrowser):
    clientDataJSON: Base64Url  # noqa: N815 the browser's name
    attestationObject: Base64Url  # noqa: N815 the browser's name


class NewCredential(FromBrowser):
    """`PublicKeyCredential.toJSON()` of what `navigator.credentials.create` gave."""

    id: Base64Url
    rawId: Base64Url  # noqa: N815 the browser's name
    type: Annotated[str, Field(max_length=32)]
    response: AttestationResponse


class PasskeyFields(Input):
    name: Name
    credential: NewCredential

    def new(self) -> NewPasskey:
        """Return it as operations take it."""
        return NewPasskey(self.name, self.credential.model_dump())


class PasskeyName(Input):
    name: Name


class CeremonyOptions(Output):
    public_key: dict[str, JsonValue]
    """For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`, within five minutes."""


class PasskeyShown(Output):
    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None
    version: int


class PasskeysShown(Output):
    items: list[PasskeyShown]


class PasskeyAdded(PasskeyShown):
    recovery_codes: list[str]
    """With the first factor only. Each works once in its place; shown this once."""


async def list_passkeys(deps: Deps, call: Call) -> PasskeysShown:
    """List the caller's own passkeys, oldest first."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await passkeys.of(tx, call.caller.user_id)
    return PasskeysShown(items=[_shown(one) for one in found])


async def begin_passkey(deps: Deps, call: Call, asked: PresentPassword) -> CeremonyOptions:
    """Begin to add a passkey. A machine may not."""
    await require_person(deps, call)
    options = await operations.begin(deps.gate, call.caller, asked.present_password, call.now)
    return CeremonyOptions(public_key=dict(options))


async def create_passkey(deps: Deps, call: Call, asked: PasskeyFields) -> PasskeyAdded:
    """Add the passkey that an authenticator has made. A machine may not."""
    await require_person(deps, call)
    passkey_id, codes = await operations.register(deps.gate, call.caller, asked.new(), call.now)
    call.reply_headers["Location"] = f"/v1/me/passkeys/{passkey_id}"
    return PasskeyAdded(**(await _one(deps, call, passkey_id)).model_dump(), recovery_codes=list(codes))


async def rename_passkey(deps: Deps, call: Call, asked: PasskeyName) -> PasskeyShown:
    """Call a passkey something else. A machine may not."""
    await require_person(deps, call)
    passkey_id = call.id_in_path("passkey_id")
    await operations.rename(deps.db, call.caller, passkey_id, asked.name, call.version)
    return await _one(deps, call, passkey_id)


async def remove_passkey(deps: Deps, call: Call, asked: PresentPassword) -> None:
    """Take a passkey out of use; the last factor only if none is demanded. A machine may not."""
    await require_person(deps, call)
    passkey_id = call.id_in_path("passkey_id")
    await operations.remove(deps.gate, call.caller, passkey_id, asked.present_password, call.now)


async def _one(deps: Deps, call: Call, passkey_id: UUID) -> PasskeyShown:
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await passkeys.of(tx, call.caller.user_id)
    passkey = next((one for one in found if one.id == passkey_id), None)
    if passkey is None:
        raise NotFound
    return _shown(passkey)


def _shown(passkey: Passkey) -> PasskeyShown:
    return PasskeyShown(
        id=passkey.id,
        name=passkey.name,
        created_at=passkey.created_at,
        used_at=passkey.used_at,
        version=passkey.version,
    )


ROUTES = (
    Route("GET", "/v1/me/passkeys", list_passkeys, gives=PasskeysShown),
    Route("POST", "/v1/me/passkeys/options", begin_passkey, takes=PresentPassword, gives=CeremonyOptions),
    Route("POST", "/v1/me/passkeys", create_passkey, takes=PasskeyFields, gives=PasskeyAdded, status=201),
    Route("PATCH", "/v1/me/passkeys/{passkey_id}", rename_passkey, takes=PasskeyName, gives=PasskeyShown, edits=True),
    Route("POST", "/v1/me/passkeys/{passkey_id}/removal", remove_passkey, takes=PresentPassword),
)
