"""Passwords: changing one's own, and getting a new one by mail. Only POST and PUT act."""

from typing import Annotated

from pydantic import Field

from services.chassis.web import Access, Call, Input, Route
from services.contracts.vocabulary import UserId
from services.identity.adapters import secret_tokens
from services.identity.deps import Deps
from services.identity.handlers.fields import Password
from services.identity.handlers.ways_in import may_change_way_in, require_person
from services.identity.operations import passwords
from services.identity.operations.passwords import ResetLinkOver
from services.identity.operations.sessions import Origin, ThreeCodes


class PasswordChange(Input):
    present_password: Password
    password: Password


class ResetWanted(Input):
    licence_code: Annotated[str, Field(min_length=1, max_length=64)]
    userid: Annotated[str, Field(min_length=1, max_length=128)]


class Reset(Input):
    token: Annotated[str, Field(min_length=1, max_length=128)]
    password: Password


async def change_password(deps: Deps, call: Call, asked: PasswordChange) -> None:
    """Change one's own password; every session ends, this one too. A machine may not."""
    await require_person(deps, call)
    await passwords.change_password(deps.gate, call.caller, asked.present_password, asked.password, call.now)


async def request_reset(deps: Deps, call: Call, asked: ResetWanted) -> None:
    """Ask for a mail with which to choose a new password; the answer is the same whoever exists."""
    codes = ThreeCodes(asked.licence_code, asked.userid, "")
    await passwords.ask_for_reset(deps.gate, codes, Origin(call.address, "", None), call.now)


async def create_reset(deps: Deps, call: Call, asked: Reset) -> None:
    """Choose a new password with the link of a mail, which works once; every session ends."""
    token = secret_tokens.parse(asked.token)
    if token is None:
        raise ResetLinkOver
    await passwords.reset_password(deps.gate, token, asked.password, call.now)


async def request_reset_of_user(deps: Deps, call: Call) -> None:
    """Have a colleague be sent a mail to choose a new password, which nobody else learns. Needs admin.agents.manage.

    For somebody who manages rights it needs admin.permissions.manage, too.
    """
    user_id = UserId(call.id_in_path("user_id"))
    await may_change_way_in(deps, call, user_id)
    await passwords.request_reset(deps.db, call.caller.tenant_id, user_id)


ROUTES = (
    Route("PUT", "/v1/me/password", change_password, takes=PasswordChange),
    Route("POST", "/v1/password-reset-requests", request_reset, takes=ResetWanted, status=202, access=Access.ANYONE),
    Route("POST", "/v1/password-resets", create_reset, takes=Reset, access=Access.ANYONE),
    Route("POST", "/v1/users/{user_id}/password-reset-mail", request_reset_of_user, status=202),
)
