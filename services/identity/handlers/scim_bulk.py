"""SCIM 2.0: many operations in one request (RFC 7644, section 3.7). Each stands or falls by itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.chassis.problems import Conflict, NotFound, Problem, Stale, TooLarge
from services.chassis.web import Call
from services.identity.adapters.scim_messages import Document, ScimRefused, reading
from services.identity.deps import Deps
from services.identity.handlers.scim_people import PEOPLE
from services.identity.handlers.scim_protocol import (
    Kind,
    ScimAnswer,
    ScimDocument,
    base_of,
    refusal,
    scim_route,
    status_of,
    version_of,
)
from services.identity.handlers.scim_teams import TEAMS
from services.identity.operations.provisioning import Provisioning

MOST_OPERATIONS: Final = 100
MOST_BYTES: Final = 1024 * 1024
REQUEST: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_KINDS: Final[Mapping[str, Kind[Any]]] = {kind.endpoint: kind for kind in (PEOPLE, TEAMS)}
_REFERENCE: Final = re.compile(r"bulkId:([^/\"\s]+)")
_VERSION: Final = re.compile(r'^(?:W/)?"(\d{1,18})"$')
_CREATED, _OK, _GONE = 201, 200, 204


class BulkIdUnresolved(Conflict):
    code = "bulk_id_unresolved"
    title = "The operation refers to a bulkId that no earlier or later operation of the request has made."


class BulkOperation(BaseModel):
    """One operation as it is sent."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    bulk_id: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(default=None, alias="bulkId")
    version: str | None = None
    path: str
    data: dict[str, JsonValue] = Field(default={})


class BulkRequest(BaseModel):
    """A bulk request as it is sent; its operations are read one by one, so that a wrong one fails alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    schemas: list[str]
    fail_on_errors: Annotated[int, Field(ge=1)] | None = Field(default=None, alias="failOnErrors")
    operations: list[dict[str, JsonValue]] = Field(alias="Operations")


@dataclass(slots=True)
class _Run:
    """A bulk request on its way."""

    to: Provisioning
    base: str
    made: dict[str, UUID] = field(default_factory=dict[str, UUID])
    """What the bulkIds of creations stand for by now."""
    results: list[JsonValue] = field(default_factory=list[JsonValue])
    errors: int = 0


async def run_scim_bulk(deps: Deps, _call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Carry out up to 100 operations; those that refer to a bulkId wait for the operation that makes it.

    After `failOnErrors` failures nothing more is tried. There is no answer for what was not tried.
    """
    with reading():
        request = BulkRequest.model_validate(dict(asked.members))
    if REQUEST not in request.schemas:
        raise ScimRefused(f"schemas must name {REQUEST}.", "invalidSyntax")
    if len(request.operations) > MOST_OPERATIONS:
        raise TooLarge(f"A bulk request has {MOST_OPERATIONS} operations at most.")
    run = _Run(to, base_of(deps))
    waiting = list(request.operations)
    while waiting and not _enough(run, request):
        ready = [one for one in waiting if _references(one) <= run.made.keys()] or waiting[:1]
        one = ready[0]
        waiting.remove(one)
        await _carry_out(run, one)
    return ScimAnswer({"schemas": [RESPONSE], "Operations": run.results})


def _enough(run: _Run, request: BulkRequest) -> bool:
    return request.fail_on_errors is not None and run.errors >= request.fail_on_errors


async def _carry_out(run: _Run, sent: Document) -> None:
    """Do one operation and write down what became of it."""
    told: dict[str, JsonValue] = {name: sent[name] for name in ("method", "bulkId") if isinstance(sent.get(name), str)}
    try:
        run.results.append({**told, **await _done(run, sent)})
    except Problem as problem:
        run.errors += 1
        status = status_of(problem)
        location = _location(run, sent)
        told |= {"location": location} if location else {}
        run.results.append({**told, "status": str(status), "response": refusal(problem, status, "")})


async def _done(run: _Run, sent: Document) -> dict[str, JsonValue]:
    """Return location, version and status of an operation that was carried out. Raises any Problem."""
    with reading():
        operation = BulkOperation.model_validate(_resolved(run, dict(sent)))
    endpoint, _, name = operation.path.strip("/").partition("/")
    kind = _KINDS.get(endpoint)
    if kind is None:
        raise ScimRefused(f"There is no endpoint {operation.path}.", "invalidPath")
    if operation.method == "POST":
        return await _added(run, kind, operation, name)
    resource_id = _identifier(name)
    version = _version(operation.version)
    match operation.method:
        case "PUT":
            await kind.replace(run.to, resource_id, version, operation.data)
        case "PATCH":
            await kind.change(run.to, resource_id, version, operation.data)
        case "DELETE":
            await kind.remove(run.to, resource_id, version)
            return {"location": f"{run.base}/{endpoint}/{resource_id}", "status": str(_GONE)}
    return await _told(run, kind, resource_id, _OK)


async def _added(run: _Run, kind: Kind[Any], operation: BulkOperation, name: str) -> dict[str, JsonValue]:
    if name:
        raise ScimRefused("A POST names an endpoint, no resource.", "invalidPath")
    if operation.bulk_id is None or operation.bulk_id in run.made:
        raise ScimRefused("A POST needs a bulkId of its own.", "invalidValue")
    made = await kind.add(run.to, operation.data)
    run.made[operation.bulk_id] = made
    return await _told(run, kind, made, _CREATED)


async def _told(run: _Run, kind: Kind[Any], resource_id: UUID, status: int) -> dict[str, JsonValue]:
    version = version_of(await kind.find(run.to, resource_id, run.base))
    location = f"{run.base}/{kind.endpoint}/{resource_id}"
    return {"location": location, "version": f'W/"{version}"', "status": str(status)}


def _references(document: JsonValue) -> frozenset[str]:
    """Return the bulkIds that an operation refers to in its path or data."""
    match document:
        case str():
            return frozenset(_REFERENCE.findall(document))
        case list():
            return frozenset[str]().union(*map(_references, document))
        case dict():
            return frozenset[str]().union(*map(_references, document.values()))
        case _:
            return frozenset()


def _resolved(run: _Run, document: JsonValue) -> Any:
    """Return an operation with ids in place of bulkIds. Raises BulkIdUnresolved."""
    match document:
        case str():
            return _REFERENCE.sub(lambda found: _made(run, found[1]), document)
        case list():
            return [_resolved(run, one) for one in document]
        case dict():
            return {name: _resolved(run, one) for name, one in document.items()}
        case _:
            return document


def _made(run: _Run, bulk_id: str) -> str:
    if bulk_id not in run.made:
        raise BulkIdUnresolved(f"No operation has made {bulk_id}.")
    return str(run.made[bulk_id])


def _identifier(name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        raise NotFound from None


def _version(given: str | None) -> int | None:
    if given is None:
        return None
    match = _VERSION.match(given)
    if match is None:
        raise Stale
    return int(match.group(1))


def _location(run: _Run, sent: Document) -> str | None:
    path = sent.get("path")
    return f"{run.base}/{path.strip('/')}" if isinstance(path, str) and sent.get("method") != "POST" else None


ROUTES = (scim_route("POST", "Bulk", run_scim_bulk),)
