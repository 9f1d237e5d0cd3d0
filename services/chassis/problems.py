"""Families of expected failures. Only `chassis.refusals` knows which HTTP status each family becomes.

The one chassis module that a domain may import: rules raise problems, edges render them (RFC 9457).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input: where (RFC 6901 pointer), which rule, and in words."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """An expected failure with a stable code that clients may act on."""

    code: ClassVar[str] = "problem"
    title: ClassVar[str] = "The request could not be carried out."

    def __init__(self, detail: str = "", errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)


class Malformed(Problem):
    """The request is not what its content type says."""

    code = "malformed"
    title = "The request cannot be read."


class Invalid(Problem):
    """The input breaks a rule; `errors` say which."""

    code = "invalid"
    title = "The input is not valid."


class Unauthenticated(Problem):
    """Nobody, or nobody known, is asking."""

    code = "unauthenticated"
    title = "A valid access token is needed."


class Forbidden(Problem):
    """The caller is known and may not do this."""

    code = "forbidden"
    title = "You may not do this."


class NotFound(Problem):
    """There is no such thing, or none that the caller may see."""

    code = "not_found"
    title = "There is nothing here."


class MethodNotAllowed(Problem):
    code = "method_not_allowed"
    title = "This address does not answer that method."


class Conflict(Problem):
    """The input is valid but does not fit the present state."""

    code = "conflict"
    title = "The present state does not allow this."


class Stale(Problem):
    """The caller changes a version that is no longer the current one."""

    code = "stale"
    title = "The record was changed in the meantime."


class PreconditionRequired(Problem):
    """A change must name the version that it changes."""

    code = "precondition_required"
    title = "Name the version you change in If-Match."


class TooLarge(Problem):
    code = "too_large"
    title = "The request body is too large."


class UnsupportedMedia(Problem):
    code = "unsupported_media_type"
    title = "The body is of a media type that is not read here."


class Limited(Problem):
    """Too many requests; `retry_after_seconds` says when to try again."""

    code = "limited"
    title = "Too many requests."

    def __init__(self, detail: str = "", *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(Problem):
    """Something this answer needs is away for the moment."""

    code = "unavailable"
    title = "The service cannot answer at the moment."
    retry_after_seconds = 2


class TooSlow(Unavailable):
    """The database is there, and gave up on a statement that took too long or waited too long for others."""
