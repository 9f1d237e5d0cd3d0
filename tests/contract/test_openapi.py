"""The published documents are those of the routes that run."""

import importlib
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

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
def test_every_number_that_is_taken_fits_into_the_database(name: str) -> None:
    service = importlib.import_module(f"services.{name}.app").SERVICE
    taken = {route.takes for route in service.routes if route.takes is not None}
    numbers = [
        (model.__name__, where, schema)
        for model in taken
        for where, schema in parts_of(model.model_json_schema(), "")
        if schema.get("type") == "integer" and "enum" not in schema
    ]
    unbounded = [each for each in numbers if not {"maximum", "exclusiveMaximum"} & each[2].keys()]
    assert numbers
    assert unbounded == []


def parts_of(schema: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every object in a document, with where it stands."""
    if isinstance(schema, dict):
        part = cast("dict[str, Any]", schema)
        yield where, part
        for name, inner in part.items():
            yield from parts_of(inner, f"{where}/{name}")
    elif isinstance(schema, list):
        for at, inner in enumerate(cast("list[Any]", schema)):
            yield from parts_of(inner, f"{where}/{at}")


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
