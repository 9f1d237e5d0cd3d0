"""From failures to answers: RFC 9457 problem documents. The only module that knows which status a family has."""

from collections.abc import Mapping
from typing import Any, Final

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


def answer(error: Exception, request_id: str) -> web.Response:
    """Return the problem document for a failure. A bug is logged and says nothing of itself."""
    problem = _problem(error)
    if problem is None:
        _log.exception("request.failed", exc_info=error)
    status = next((STATUS[family] for family in type(problem).__mro__ if family in STATUS), 500)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title if problem else "Something went wrong on our side.",
        "status": status,
        "detail": problem.detail if problem else "Quote the request id when you report this.",
        "code": problem.code if problem else "internal",
        "request_id": request_id,
        "errors": [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in problem.errors]
        if problem
        else [],
    }
    headers = {"Cache-Control": "no-store"}
    if isinstance(problem, problems.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(problem, problems.Limited | problems.Unavailable):
        headers["Retry-After"] = str(problem.retry_after_seconds)
    if isinstance(error, web.HTTPMethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    return web.json_response(body, status=status, headers=headers, content_type="application/problem+json")


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
