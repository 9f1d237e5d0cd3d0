"""From failures to answers: RFC 9457 problem documents. The only module that knows which status a family has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from aiohttp import web

from services.chassis import logging, problems
from services.chassis.problems import Problem

STATUS: Final[Mapping[type[Problem], int]] = {
    problems.Malformed: 400,
    problems.Unauthenticated: 401,
    problems.Forbidden: 403,
    problems.NotFound: 404,
    problems.MethodNotAllowed: 405,
    problems.Conflict: 409,
    problems.Stale: 412,
    problems.TooLarge: 413,
    problems.UnsupportedMedia: 415,
    problems.Invalid: 422,
    problems.PreconditionRequired: 428,
    problems.Limited: 429,
    problems.Unavailable: 503,
}
_log = logging.get("http")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a protocol wants to be answered: the media types of its documents and refusals, and what a refusal holds.

    `refusal` gets the problem (None for a bug), its status by `statuses`, and the request's id.
    """

    media_type: str
    refusal_type: str
    refusal: Callable[[Problem | None, int, str], Mapping[str, object]]
    statuses: Mapping[type[Problem], int] = field(default_factory=lambda: STATUS)


def _problem_document(problem: Problem | None, status: int, request_id: str) -> Mapping[str, object]:
    return {
        "type": f"urn:keyholder:problem:{problem.code if problem else 'internal'}",
        "title": problem.title if problem else "Something went wrong on our side.",
        "status": status,
        "detail": problem.detail if problem else "Quote the request id when you report this.",
        "code": problem.code if problem else "internal",
        "request_id": request_id,
        "errors": [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in problem.errors]
        if problem
        else [],
    }


PLAIN: Final = Dialect("application/json", "application/problem+json", _problem_document)
"""JSON, with refusals as RFC 9457 wants them."""
UNTYPED: Final = replace(PLAIN, statuses={**STATUS, problems.Invalid: 400})
"""For protocols that know but one status, 400, for whatever is wrong with the input."""


def answer(error: Exception, request_id: str, dialect: Dialect = PLAIN) -> web.Response:
    """Return the refusal that stands for a failure. A bug is logged and says nothing of itself."""
    problem = _problem(error)
    if problem is None:
        _log.exception("request.failed", exc_info=error)
    statuses = dialect.statuses
    status = next((statuses[family] for family in type(problem).__mro__ if family in statuses), 500)
    headers = {"Cache-Control": "no-store"}
    if isinstance(problem, problems.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(problem, problems.Limited | problems.Unavailable):
        headers["Retry-After"] = str(problem.retry_after_seconds)
    if isinstance(error, web.HTTPMethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    body = dialect.refusal(problem, status, request_id)
    return web.json_response(body, status=status, headers=headers, content_type=dialect.refusal_type)


def _problem(error: Exception) -> Problem | None:
    """Return the expected failure that an exception stands for, or None for a bug."""
    match error:
        case Problem():
            return error
        case web.HTTPMethodNotAllowed():
            return problems.MethodNotAllowed()
        case web.HTTPRequestEntityTooLarge():
            return problems.TooLarge()
        case web.HTTPNotFound():
            return problems.NotFound()
        case web.HTTPException():
            return problems.Malformed()
        case _:
            return None
