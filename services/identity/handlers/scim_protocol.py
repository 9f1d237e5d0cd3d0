"""How SCIM 2.0 comes in and goes out: media types, refusals, who may call, which version is meant."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, Final, Generic
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, RootModel
from scim2_models import Resource, SearchRequest

from services.chassis.problems import Problem, Unauthenticated
from services.chassis.refusals import STATUS, Dialect
from services.chassis.web import Access, Call, Input, Route
from services.identity.adapters.authorship import by_machine
from services.identity.adapters.scim_messages import AnyResource, Document, ScimRefused, refused_message
from services.identity.adapters.scim_resources import BASE
from services.identity.deps import Deps
from services.identity.domain.machine_token import MachineScope
from services.identity.operations import machine_tokens
from services.identity.operations.provisioning import Provisioning

MEDIA_TYPES: Final = ("application/scim+json", "application/json")
_TAKEN: Final = frozenset({"userid_taken", "email_taken", "code_taken", "team_name_taken"})


class ScimDocument(Input):
    """A SCIM message; what it must hold, its own schema says."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @property
    def members(self) -> Document:
        """Return what the message holds."""
        return self.model_extra or {}


class ScimSearchQuery(Input):
    """Which resources to show, and what of them (RFC 7644, sections 3.4.2 and 3.9); others' parameters are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    attributes: str | None = None
    excluded_attributes: Annotated[str | None, Field(alias="excludedAttributes")] = None
    filter: str | None = None
    sort_by: Annotated[str | None, Field(alias="sortBy")] = None
    sort_order: Annotated[str | None, Field(alias="sortOrder")] = None
    start_index: Annotated[str | None, Field(alias="startIndex")] = None
    count: str | None = None

    @property
    def given(self) -> Document:
        """Return what was asked for, by SCIM's names."""
        return self.model_dump(by_alias=True, exclude_none=True)


class ScimAnswer(RootModel[dict[str, JsonValue]]):
    """A SCIM message."""


def status_of(problem: Problem) -> int:
    """Return the HTTP status of a problem's family."""
    return next(STATUS[family] for family in type(problem).__mro__ if family in STATUS)


def refusal(problem: Problem | None, status: int, _request_id: str) -> dict[str, JsonValue]:
    """Return the SCIM error for a problem (RFC 7644, section 3.12); a bug says nothing of itself."""
    detail = problem.detail if problem else "Something went wrong on our side."
    return refused_message(status, detail, _scim_type(problem))


def _scim_type(problem: Problem | None) -> str | None:
    match problem:
        case ScimRefused():
            return problem.scim_type
        case Problem(code="malformed"):
            return "invalidSyntax"
        case Problem(code="invalid"):
            return "invalidValue"
        case Problem(code=code) if code in _TAKEN:
            return "uniqueness"
        case _:
            return None


SCIM: Final = Dialect("application/scim+json", "application/scim+json", refusal)

Handler = Callable[..., Awaitable[ScimAnswer | None]]


def scim_route(method: str, path: str, handler: Handler, *, status: int = 200) -> Route:
    """Return a route below /scim/v2 that only a machine token of scope `scim` opens.

    The handler gets whose people it provisions after the call.
    """

    @wraps(handler)
    async def admitted(deps: Deps, call: Call, *asked: object) -> ScimAnswer | None:
        scheme, _, token = call.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        tenant_id, machine = await machine_tokens.use(deps.db, token, MachineScope.SCIM, call.now, call.address)
        to = Provisioning(deps.db, deps.administrators, tenant_id, call.now)
        with by_machine(machine.id):
            return await handler(deps, call, to, *asked)

    takes: dict[str, Any] = {"GET": {"takes": ScimSearchQuery}, "DELETE": {}}
    return Route(
        method,
        f"/scim/v2/{path}",
        admitted,
        **takes.get(method, {"takes": ScimDocument, "accepts": MEDIA_TYPES}),
        gives=None if method == "DELETE" else ScimAnswer,
        status=status,
        access=Access.ANYONE,
        dialect=SCIM,
    )


@dataclass(frozen=True, slots=True)
class Kind(Generic[AnyResource]):
    """A kind of resource: what one request of it does, alone or within a bulk request.

    Documents are read strictly in what is kept; versions are None for whichever is there. `find` and `search` get the
    address under which SCIM is offered.
    """

    model: type[AnyResource]
    endpoint: str
    add: Callable[[Provisioning, Document], Awaitable[UUID]]
    replace: Callable[[Provisioning, UUID, int | None, Document], Awaitable[None]]
    change: Callable[[Provisioning, UUID, int | None, Document], Awaitable[None]]
    remove: Callable[[Provisioning, UUID, int | None], Awaitable[None]]
    find: Callable[[Provisioning, UUID, str], Awaitable[AnyResource]]
    search: Callable[[Provisioning, SearchRequest[Any], str], Awaitable[Sequence[AnyResource]]]


def version_meant(call: Call) -> int | None:
    """Return the version that a change is for (If-Match), or None for whichever is there. Raises Stale."""
    return None if call.headers.get("If-Match", "*") == "*" else call.version


def base_of(deps: Deps) -> str:
    """Return the address under which SCIM is offered."""
    return f"{deps.links.public_url}{BASE}"


def version_of(resource: Resource[Any]) -> int:
    """Return the version that a resource's meta names."""
    meta = resource.meta
    return int(meta.version.removeprefix("W/").strip('"')) if meta and meta.version else 0
