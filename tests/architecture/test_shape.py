"""The four services have one shape; files and functions stay small; names say what they hold."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.chassis.database import Database
from services.chassis.service import Service
from services.chassis.web import Access

ROOT = Path(__file__).parents[2]
SERVICES = ("identity", "authz", "records", "notifications")
SAME_IN_ALL = {
    "__init__.py",
    "__main__.py",
    "app.py",
    "config.py",
    "deps.py",
    "handlers",
    "operations",
    "domain",
    "store",
    "migrations",
}
WHERE_NEEDED = {"adapters", "consumers.py", "jobs.py", "templates", "catalogue"}
BANNED_NAMES = {"utils", "helpers", "common", "manager", "base", "misc", "data", "info"}
OPENING = {name for name in vars(Database) if not name.startswith("_")}
CANNOT_WRITE = {"identity": {("licences.py", "tenant_of")}}
"""Handlers that read a table without tenants, for which there is no opening that only reads."""
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
CHASSIS_BUDGET = 3000  # ADR-0003

each_service = pytest.mark.parametrize("name", SERVICES)


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def last_assignment(path: Path) -> str:
    statement = ast.parse(path.read_text("utf-8")).body[-1]
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


@each_service
def test_a_service_has_the_files_that_every_service_has(name: str) -> None:
    present = {path.name for path in (ROOT / "services" / name).iterdir() if path.name != "__pycache__"}
    assert present >= SAME_IN_ALL
    assert present - SAME_IN_ALL <= WHERE_NEEDED


@each_service
def test_app_declares_a_service_of_that_name(name: str) -> None:
    service = importlib.import_module(f"services.{name}.app").SERVICE
    assert isinstance(service, Service)
    assert service.name == name


@each_service
def test_handlers_end_with_their_routes_and_consumers_with_their_subscriptions(name: str) -> None:
    folder = ROOT / "services" / name
    with_routes = [path.name for path in (folder / "handlers").glob("*.py") if "ROUTES" in path.read_text("utf-8")]
    assert with_routes
    for path in (folder / "handlers").glob("*.py"):
        if path.name in with_routes:
            assert last_assignment(path) == "ROUTES", path
    if (folder / "consumers.py").exists():
        assert last_assignment(folder / "consumers.py") == "SUBSCRIPTIONS"


@each_service
def test_every_route_runs_a_documented_handler(name: str) -> None:
    service = importlib.import_module(f"services.{name}.app").SERVICE
    for route in service.routes:
        assert route.handler.__doc__, f"{route.method} {route.path}"


@each_service
def test_a_route_promises_that_a_key_makes_it_happen_once_exactly_if_it_does(name: str) -> None:
    service = importlib.import_module(f"services.{name}.app").SERVICE
    wrong = [
        f"{route.method} {route.path}"
        for route in service.routes
        if route.once != ("call.idempotency_key" in inspect.getsource(getattr(route.handler, "func", route.handler)))
    ]
    assert wrong == []
    assert {route.access for route in service.routes if route.once} == {Access.CALLER}


@each_service
def test_a_handler_opens_no_transaction_that_writes_or_locks(name: str) -> None:
    paths = sorted((ROOT / "services" / name / "handlers").glob("*.py"))
    found = [(path.name, *opened) for path in paths for opened in opens(path.read_text("utf-8"))]
    assert any(reads for *_, reads in found)
    assert {(file, function) for file, function, reads in found if not reads} == CANNOT_WRITE.get(name, set())


def opens(source: str) -> Iterator[tuple[str, bool]]:
    """Yield in which function a handler uses the database, and whether it can only read there."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OPENING:
                    said = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                    yield function.name, node.func.attr == "single_read" or said.get("readonly") == "True"


@pytest.mark.parametrize(
    "opening",
    [
        "deps.db.transaction(tenant_id)",
        "deps.db.transaction(tenant_id, readonly=False)",
        "deps.db.transaction(tenant_id, readonly=asked.readonly)",
        "deps.db.single_write(tenant_id)",
        "deps.db.at_once()",
        "deps.db.across_tenants()",
    ],
)
def test_a_planted_handler_that_writes_is_noticed(opening: str) -> None:
    planted = "async def handler(deps, call):\n    async with {} as tx:\n        pass\n"
    assert [*opens(planted.format(opening))] == [("handler", False)]
    assert [*opens(planted.format("deps.db.single_read(tenant_id)"))] == [("handler", True)]
    assert [*opens(planted.format("deps.db.transaction(tenant_id, readonly=True)"))] == [("handler", True)]


def test_no_module_hides_behind_an_empty_name() -> None:
    named = {path.stem for path in python_files("services", "deploy", "tests")}
    named |= {path.parent.name for path in python_files("services", "deploy", "tests")}
    assert named & BANNED_NAMES == set()


def test_files_stay_readable_in_one_go() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in python_files("services", "deploy")
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_functions_stay_readable_at_a_glance() -> None:
    long = {
        f"{path.relative_to(ROOT).as_posix()}::{node.name}": lines
        for path in python_files("services", "deploy")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := own_lines(node)) > LONGEST_FUNCTION
    }
    assert long == {}


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its docstring and without the SQL that it carries."""
    texts = [node for node in ast.walk(function) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    quoted = sum((text.end_lineno or 0) - text.lineno for text in texts)
    return (function.end_lineno or 0) - function.lineno + 1 - quoted


def test_the_chassis_keeps_its_budget() -> None:
    assert sum(len(path.read_text("utf-8").splitlines()) for path in python_files("services/chassis")) <= CHASSIS_BUDGET
