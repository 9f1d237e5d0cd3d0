"""Activating an account by the link of the activation mail. Only POST acts: a mail scanner's GET changes nothing."""

from typing import Annotated

from pydantic import Field

from services.chassis.web import Access, Call, Input, Route
from services.identity.adapters import secret_tokens
from services.identity.deps import Deps
from services.identity.handlers.fields import Password
from services.identity.operations import activations
from services.identity.operations.activations import LinkOver


class Activation(Input):
    token: Annotated[str, Field(min_length=1, max_length=128)]
    password: Password


async def create_activation(deps: Deps, call: Call, asked: Activation) -> None:
    """Choose the first password and become active; the link works once."""
    token = secret_tokens.parse(asked.token)
    if token is None:
        raise LinkOver
    await activations.activate(deps.gate, token, asked.password, call.now)


ROUTES = (Route("POST", "/v1/activations", create_activation, takes=Activation, access=Access.ANYONE),)
