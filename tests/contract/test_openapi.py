"""The published documents are those of the routes that run."""

import importlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from services.chassis import openapi
from services.chassis.service import VERSION
from services.chassis.web import Access
from tests.architecture.test_shape import SERVICES

FOLDER: Final = Path(__file__).parents[2] / "services" / "contracts" / "openapi"
each_service = pytest.mark.parametrize("name", SERVICES)


def generated(name: str) -> dict[str, Any]:
    service = importlib.import_module(f"services.{name}.app").SERVICE
    return openapi.document(name, VERSION, service.routes)


@each_service
def test_the_document_on_disk_is_what_the_route_table_gives(name: str) -> None:
    """Write it anew with `python -m services.<name> openapi > services/contracts/openapi/<name>.json`."""
    assert json.loads((FOLDER / f"{name}.json").read_text("utf-8")) == json.loads(json.dumps(generated(name)))


@each_service
def test_every_public_route_is_documented_and_no_internal_one(name: str) -> None:
    service = importlib.import_module(f"services.{name}.app").SERVICE
    documented = {(method.upper(), path) for path, entry in generated(name)["paths"].items() for method in entry}
    assert documented == {(route.method, route.path) for route in service.routes if route.access is not Access.PEER}


@each_service
def test_no_two_models_of_a_service_share_a_name(name: str) -> None:
    service = importlib.import_module(f"services.{name}.app").SERVICE
    models = {model for route in service.routes for model in (route.takes, route.gives) if model is not None}
    names = sorted(model.__name__ for model in models)
    assert [name for name, twice in pairwise(names) if name == twice] == []


@each_service
def test_every_reference_leads_somewhere(name: str) -> None:
    document = generated(name)
    text = json.dumps(document)
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.partition('"')[0] in document["components"]["schemas"]


@each_service
def test_what_a_parameter_is_by_default_may_be_sent(name: str) -> None:
    paths: dict[str, dict[str, dict[str, Any]]] = generated(name)["paths"]
    schemas = [
        parameter["schema"]
        for path in paths.values()
        for operation in path.values()
        for parameter in operation.get("parameters", ())
    ]
    kinds = {"string": str, "integer": int, "boolean": bool}
    wrong = [
        schema
        for schema in schemas
        if "default" in schema and "type" in schema and not isinstance(schema["default"], kinds[schema["type"]])
    ]
    assert schemas
    assert wrong == []
