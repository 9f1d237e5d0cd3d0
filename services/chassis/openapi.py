"""OpenAPI 3.1, generated from the route table that runs."""

import inspect
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.chassis.refusals import PLAIN
from services.chassis.web import Access, Route

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable; clients may act on it."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}
_UUID: Final = {"format": "uuid"}
_BYTES: Final = {"type": "string", "format": "binary"}
_SECURITY: Final[dict[Access, list[dict[str, list[str]]]]] = {
    Access.ANYONE: [],
    Access.CALLER: [{"access_token": []}],
    Access.OPERATOR: [{"operator_token": []}],
}


def route(service: str, version: str, routes: Sequence[Route]) -> web.RouteDef:
    """Return the route under which a service shows its own document."""
    text = json.dumps(document(service, version, routes))

    async def show(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    return web.get("/openapi.json", show)


def document(service: str, version: str, routes: Sequence[Route]) -> dict[str, Any]:
    """Return the OpenAPI document of a service's public routes; internal ones are left out."""
    public = [route for route in routes if route.access is not Access.PEER]
    models = {model for route in public for model in (route.takes, route.gives) if model is not None}
    ordered = sorted(models, key=lambda model: (model.__name__, model.__module__))
    refs, schemas = models_json_schema(
        [(model, "serialization" if _is_answer(model, public) else "validation") for model in ordered],
        ref_template="#/components/schemas/{model}",
    )
    by_model: dict[object, dict[str, Any]] = {model: schema for (model, _mode), schema in refs.items()}
    paths = dict[str, Any]()
    for route in public:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_model)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Keyholder {service}", "version": version},
        "servers": [{"url": f"/api/{service}"}],
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {
                "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "at+jwt"},
                "operator_token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _is_answer(model: type[BaseModel], routes: Sequence[Route]) -> bool:
    return any(route.gives is model for route in routes)


def _operation(route: Route, by_model: dict[object, dict[str, Any]]) -> dict[str, Any]:
    summary, _, description = (inspect.getdoc(route.handler) or "").partition("\n")
    answer: dict[str, Any] = {"description": "Done."}
    if route.gives is not None:
        answer["content"] = {route.dialect.media_type: {"schema": by_model[route.gives]}}
    if route.offers:
        answer["content"] = {media_type: {"schema": _BYTES} for media_type in route.offers}
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": summary.strip(),
        "parameters": _parameters(route),
        "responses": {
            str(route.status if route.gives or route.offers or route.status != 200 else 204): answer,  # noqa: PLR2004
            "default": _refusal(route),
        },
        "security": _SECURITY[route.access],
    }
    if description.strip():
        operation["description"] = description.strip()
    if route.reads_bytes or (route.takes is not None and not route.reads_query):
        body = _BYTES if route.takes is None else by_model[route.takes]
        operation["requestBody"] = {
            "required": True,
            "content": {media_type: {"schema": body} for media_type in route.accepts},
        }
    return operation


def _refusal(route: Route) -> dict[str, Any]:
    is_problem = route.dialect.refusal_type == PLAIN.refusal_type
    schema = {"$ref": "#/components/schemas/Problem"} if is_problem else {"type": "object"}
    return {
        "description": "A problem: `code` says which."
        if route.dialect is PLAIN
        else "A refusal of the protocol's own.",
        "content": {route.dialect.refusal_type: {"schema": schema}},
    }


def _parameters(route: Route) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"} | (_UUID if is_id else {})}
        for name, is_id in re.findall(r"{(\w+?(_id)?)}", route.path)
    ]
    if route.takes is not None and route.reads_query:
        schema = route.takes.model_json_schema(ref_template="#/components/schemas/{model}")
        found += [
            {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": kind}
            for name, kind in schema["properties"].items()
        ]
    if route.edits:
        found.append({"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}})
    if route.once:
        found.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string"}})
    return found
