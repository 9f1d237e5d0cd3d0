"""From what a client sent to models that may be trusted, or to a refusal that says what is wrong."""

import json
import re
from collections.abc import Sequence
from typing import Final, TypeVar, cast

from aiohttp import web
from pydantic import BaseModel, ValidationError

from services.chassis import problems
from services.chassis.problems import FieldError

DEEPEST: Final = 100
"""How many lists and objects of a body may lie in each other: more is no data of ours, and would exhaust the stack."""
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
M = TypeVar("M", bound=BaseModel)


def _is_storable(value: object, depth: int = 0) -> bool:
    """Say whether PostgreSQL can hold every text in a document, names included. Raises Malformed for one too deep."""
    if depth > DEEPEST:
        raise problems.Malformed("The body is nested too deeply.")
    match value:
        case str():
            return _UNSTORABLE.search(value) is None
        case dict():
            members = cast("dict[object, object]", value)
            return _is_storable([*members, *members.values()], depth)
        case list():
            return all(_is_storable(member, depth + 1) for member in cast("list[object]", value))
        case _:
            return True


async def body_of(request: web.Request, accepts: Sequence[str], most: int) -> bytes:
    """Return the body. Raises UnsupportedMedia, Malformed; HTTPRequestEntityTooLarge for more than `most` bytes."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in accepts:  # the rest is slow
        raise problems.UnsupportedMedia(f"Send {' or '.join(accepts)} as Content-Type.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise problems.UnsupportedMedia("Send the body as it is, without Content-Encoding.")
    try:
        return await request.clone(client_max_size=most).read()
    except (web.RequestPayloadError, ConnectionError):  # cut off
        raise problems.Malformed("The body cannot be read.") from None


def json_of(body: bytes) -> object:
    """Return a body as a document. Raises Malformed."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise problems.Malformed("The body is not JSON.") from None


def query_of(request: web.Request) -> dict[str, str]:
    """Return the query. Raises Invalid for a parameter that is given twice."""
    query = dict(request.query)
    if len(query) != len(request.query):
        raise problems.Invalid("A query parameter was given twice.")
    return query


def checked(model: type[M], document: object) -> M:
    """Return a document as a model. Raises Malformed, and Invalid, which points at each thing that is wrong."""
    if not _is_storable(document):
        raise problems.Invalid(errors=[FieldError("", "text", "Text must not hold NUL or half characters.")])
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise problems.Invalid(
            errors=[
                FieldError(
                    "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in wrong["loc"]),
                    wrong["type"],
                    wrong["msg"].removeprefix("Value error, "),
                )
                for wrong in error.errors(include_url=False, include_input=False, include_context=False)
            ]
        ) from None
