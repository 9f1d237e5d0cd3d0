"""Finds `@pytest.mark.catalogue(...)` in test files by reading them, without importing any."""

import ast
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

IDS: Final = re.compile(r"(?P<prefix>[A-Z]+-[A-Z]?)(?P<first>\d+)(?:\.\.(?P<last>\d+))?")
MARKER: Final = "pytest.mark.catalogue"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Body = ast.Module | ast.ClassDef
Calls = tuple[ast.Call, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A test, as `path::name` under tests/, and the ids of the requirements that it proves."""

    test: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """The marked tests of a tree, and the markers that count for nothing, one sentence each."""

    marked: Sequence[Marked]
    faults: Sequence[str]


def scan(tests: Path) -> Scan:
    """Read every Python file below a folder, in the order of their paths."""
    marked: list[Marked] = []
    faults: list[str] = []
    for path in sorted(tests.rglob("*.py")):
        name, module = path.relative_to(tests).as_posix(), ast.parse(path.read_text("utf-8"))
        taken = list(marked_tests(module, (), name))
        marked.extend(Marked(test, tuple(dict.fromkeys(chain(*map(ids, calls))))) for test, calls in taken)
        faults.extend(f"{name}:{fault}" for fault in idle(module, set(chain(*(calls for _, calls in taken)))))
    return Scan(marked, faults)


def marked_tests(parent: Body, outer: Calls, path: str) -> Iterator[tuple[str, Calls]]:
    """Yield the marked tests inside a module or a class, each with its own markers and those around it."""
    shared = outer + tuple(call for node in parent.body for call in markers(pytestmark(node)))
    for node in parent.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from marked_tests(node, shared + markers(node.decorator_list), f"{path}::{node.name}")
        elif isinstance(node, Function) and node.name.startswith("test"):
            calls = shared + markers(node.decorator_list)
            if calls:
                yield f"{path}::{node.name}", calls


def idle(module: ast.Module, taken: Container[ast.Call]) -> Iterator[str]:
    """Yield the markers that no test has taken, and those that name no id or one that cannot be read."""
    for call in markers(ast.walk(module)):
        if call not in taken:
            yield f"{call.lineno} marks nothing: a marker stands on a test, a class or a module."
        if not call.args or not all(map(expand, call.args)):
            yield f"{call.lineno} cannot be read: {ast.unparse(call)}."


def markers(nodes: Iterable[ast.AST]) -> Calls:
    """Return those of the nodes that are catalogue markers."""
    return tuple(each for each in nodes if isinstance(each, ast.Call) and ast.unparse(each.func) == MARKER)


def ids(call: ast.Call) -> list[str]:
    """Return the ids that a marker names."""
    return [each for argument in call.args for each in expand(argument)]


def pytestmark(node: ast.stmt) -> list[ast.expr]:
    """Return the marks that a statement gives to all tests beside it."""
    match node:
        case ast.Assign(targets=[ast.Name(id="pytestmark")], value=ast.List(elts=marks) | ast.Tuple(elts=marks)):
            return marks
        case ast.Assign(targets=[ast.Name(id="pytestmark")], value=mark):
            return [mark]
        case _:
            return []


def expand(argument: ast.expr) -> list[str]:
    """Return the ids that one argument of a marker means: `MG-2`, or `MG-1..3` for three; none if it cannot be read."""
    if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
        return []
    read = IDS.fullmatch(argument.value)
    if read is None:
        return []
    first, last = int(read["first"]), int(read["last"] or read["first"])
    return [f"{read['prefix']}{number}" for number in range(first, last + 1)]
